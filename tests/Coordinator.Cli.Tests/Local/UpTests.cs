using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Xunit;

namespace Coordinator.Cli.Tests.Local;

/// <summary>`up` with siblings that are shell scripts; the API on the port they would serve is the fake's.</summary>
public sealed class UpTests : IAsyncLifetime
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    readonly string folder = Directory.CreateTempSubdirectory("coordctl-up-").FullName;
    readonly CancellationTokenSource interrupted = new();
    readonly ConcurrentQueue<string> lines = new();
    readonly List<Task> started = [];
    FakeCoordinator coordinator = null!;

    string Data => Path.Combine(folder, "data");

    public async Task InitializeAsync()
    {
        coordinator = await FakeCoordinator.Start();
        coordinator
            .Answers<ListHostsRequest>(_ => new ListHostsResponse { Hosts = { new Host { Name = "alpha", Connected = true }, new Host { Name = "beta", Connected = true } } })
            .Answers<ListVirtualMachinesRequest>(_ => new ListVirtualMachinesResponse());
        // exec keeps the process id, and the arguments stay to be seen.
        Sibling("coordinator-server", "echo \"server $*\"; exec sleep 600");
        Sibling("coordinator-agent", "echo \"agent $*\"; exec sleep 600");
    }

    public async Task DisposeAsync()
    {
        await interrupted.CancelAsync();
        // A test that failed half way has not waited for its children to end.
        await Task.WhenAll(started);
        await coordinator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        interrupted.Dispose();
    }

    [Fact]
    public async Task Up_UntilInterrupted_StartsSiblingsAndEndsThemButNotGuests()
    {
        var up = Up("--qemu", "/opt/qemu");
        await IsUp(up);
        var children = Children();
        coordinator.Answers<ListVirtualMachinesRequest>(_ => new ListVirtualMachinesResponse { VirtualMachines = { new VirtualMachine { Name = "demo", Residence = "Resident", Host = "beta" } } });
        await interrupted.CancelAsync();
        var run = await up;

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Equal(3, children.Count);
        Assert.All(children, child => Assert.Null(Coordinator.Lab.Processes.ProcessIdentity.Of(child)));
        Assert.Contains("guests keep running: demo on beta", run.Output, StringComparison.Ordinal);
        Assert.Equal($"server --data {Data}/journal --grpc 127.0.0.1:{Port} --cluster 127.0.0.1:{Port + 10} --http 127.0.0.1:{Port + 20}", Log("coordinator-1"));
        Assert.Equal($"agent --config {Data}/hosts/alpha/host.yaml", Log("agent-alpha"));
        var host = await File.ReadAllTextAsync(Path.Combine(Data, "hosts", "beta", "host.yaml"));
        Assert.Equal($"""
            # Written by 'coordctl up' at each start. A host of your own: --host FILE.
            hostId: beta
            stateDirectory: {Data}/hosts/beta/state
            runDirectory: {Data}/hosts/beta/run
            coordinators:
            - http://127.0.0.1:{Port}
            handoff:
              listen: 127.0.0.1:0
            migrationStream:
              listen: 127.0.0.1:0
            qemu:
              default: /opt/qemu

            """, host);
    }

    [Fact]
    public async Task Up_WithGuests_EndsThemFirst()
    {
        var present = true;
        coordinator
            .Answers<ListVirtualMachinesRequest>(_ => new ListVirtualMachinesResponse { VirtualMachines = { new VirtualMachine { Name = "demo", Residence = present ? "Resident" : "Absent", LaunchId = "l1" } } })
            .Answers<StopVirtualMachineRequest>(_ =>
            {
                present = false;
                return new VirtualMachine { Name = "demo", Residence = "Stopping" };
            });
        var up = Up("--with-guests");
        await IsUp(up);
        await interrupted.CancelAsync();

        Assert.Contains("ended demo", (await up).Output, StringComparison.Ordinal);
        Assert.Equal(new StopVirtualMachineRequest { Name = "demo", RequestId = "up-ends-demo-l1" }, coordinator.Request<StopVirtualMachineRequest>());
    }

    [Fact]
    public async Task Up_SiblingThatEndsAtOnce_ShowsItsLastWords()
    {
        Sibling("coordinator-agent", "echo 'host.yaml:7:10: anchors are not accepted'; exit 78");
        coordinator.Answers<ListHostsRequest>(_ => new ListHostsResponse());

        var run = await Up();

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("ended with 78", run.Error, StringComparison.Ordinal);
        Assert.Contains("anchors are not accepted", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_PartThatDiesLater_IsStartedAgain()
    {
        var up = Up("--no-hosts");
        await IsUp(up);
        var first = Assert.Single(Children());
        System.Diagnostics.Process.GetProcessById(first).Kill();
        await Eventually.BecomesTrue(() => lines.Any(line => line == "starting coordinator-1 again"), s_limit, "the coordinator to be started again", () => string.Join('\n', lines));
        await Eventually.BecomesTrue(() => File.ReadAllLines(Path.Combine(Data, "logs", "coordinator-1.log")).Length == 2, s_limit, "its second life");
        await interrupted.CancelAsync();

        Assert.Equal(ExitCode.Ok, (await up).ExitCode);
    }

    [Fact]
    public async Task Up_SameDataTwice_IsRefused()
    {
        var up = Up("--no-hosts");
        await IsUp(up);

        var second = await CoordctlRun.With(new() { Binaries = folder, Interrupted = interrupted.Token }, "up", "--data", Data, "--no-hosts");

        Assert.Equal(ExitCode.Refused, second.ExitCode);
        Assert.Contains($"another 'coordctl up' uses {Data}", second.Error, StringComparison.Ordinal);
        await interrupted.CancelAsync();
        await up;
    }

    [Fact]
    public async Task Up_HostFileWithoutId_IsRefused()
    {
        var file = Path.Combine(folder, "host.yaml");
        await File.WriteAllTextAsync(file, "stateDirectory: /var/lib/coordinator\n");

        var run = await Up("--host", file);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"--host: {file} is no host configuration, it has no 'hostId'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_NoSiblings_SaysWhereTheyComeFrom()
    {
        File.Delete(Path.Combine(folder, "coordinator-server"));

        var run = await Up();

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("'make build' puts them all into one folder", run.Error, StringComparison.Ordinal);
    }

    int Port => coordinator.Address.Port;

    Task<CoordctlRun> Up(params string[] more)
    {
        var up = CoordctlRun.With(
            new() { Binaries = folder, Interrupted = interrupted.Token, Output = lines.Enqueue },
            ["up", "--data", Data, "--port", Port.ToString(CultureInfo.InvariantCulture), .. more]);
        started.Add(up);
        return up;
    }

    async Task IsUp(Task<CoordctlRun> up)
    {
        await Eventually.BecomesTrue(() => up.IsCompleted || lines.Any(line => line.StartsWith("Ctrl-C stops", StringComparison.Ordinal)), s_limit, "coordctl up", () => string.Join('\n', lines));
        if (up.IsCompleted)
            Assert.Fail((await up).Error);
    }

    List<int> Children() =>
        [.. lines.Select(line => line.Split("pid ")).Where(parts => parts.Length == 2).Select(parts => int.Parse(parts[1].Split(',')[0], CultureInfo.InvariantCulture))];

    string Log(string part) => File.ReadAllText(Path.Combine(Data, "logs", $"{part}.log")).Trim();

    void Sibling(string name, string script)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
