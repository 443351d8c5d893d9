using System.Diagnostics;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Coordinator.History;
using Coordinator.Lab;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Chaos;

/// <summary><c>coordctl chaos run</c> against a coordinator that tells the truth, or does not.</summary>
public sealed class ChaosRunTests : IAsyncLifetime
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    readonly string folder = Directory.CreateTempSubdirectory("chaos-run-").FullName;
    FakeCoordinator coordinator = null!;
    int moves;

    string Struck => Path.Combine(folder, "struck");

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync()
    {
        await coordinator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Round_StrikesInThePhaseHealsAndIsJudged()
    {
        Cluster();

        var run = await Run(3);

        Assert.True(run.ExitCode == ExitCode.Ok, run.Output + run.Error);
        Assert.Equal(["web-1 alpha beta", "web-1 beta alpha", "web-1 alpha beta"], (await File.ReadAllLinesAsync(Struck)).Where(line => line != "healed"));
        Assert.Equal(3, (await File.ReadAllLinesAsync(Struck)).Count(line => line == "healed"));
        Assert.Contains("0 violations, 0 in doubt", run.Output, StringComparison.Ordinal);
        Assert.Contains("3 acknowledged requests", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seed_DrawsTheSameAgain()
    {
        Cluster();
        var first = await Run(2, "--seed", "7");
        moves = 0;
        var second = await Run(2, "--seed", "7");

        static string[] Moments(CoordctlRun run) => [.. run.Output.Split('\n').Where(line => line.StartsWith("ok", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])];
        Assert.Equal(2, Moments(first).Length);
        Assert.Equal(Moments(first), Moments(second));
    }

    [Fact]
    public async Task GuestThatIsLost_IsAViolation_UnlessTheFaultMayLose()
    {
        Cluster(end => end.Phase = "Lost");
        coordinator.Answers<GetVirtualMachineRequest>(_ => moves == 0 ? Vm("alpha") : new VirtualMachine { Name = "web-1", Residence = "Absent" });
        coordinator.Answers<ListHostsRequest>(_ => Hosts(moves == 0 ? "alpha" : ""));

        var run = await Run(1);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("web-1 is lost, and 'agent killed' may not cost a guest", run.Output, StringComparison.Ordinal);

        moves = 0;
        Assert.Equal(ExitCode.Ok, (await Run(Plan.Replace("lastsMs: 5", "mayLose: true", StringComparison.Ordinal), 1)).ExitCode);
    }

    [Fact]
    public async Task GuestThatRunsElsewhere_IsAViolation()
    {
        Cluster();
        coordinator.Answers<GetVirtualMachineRequest>(_ => Vm("alpha"));

        var run = await Run(1);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("web-1 is Resident on alpha, running after Succeeded; it has to run on beta", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResultThatChanges_IsAViolation()
    {
        Cluster();
        var asked = 0;
        coordinator.Answers<GetMigrationRequest>(request => ++asked > 1 ? Ended(request.MigrationId, "alpha", "beta", end => end.Phase = "Failed") : Ended(request.MigrationId, "alpha", "beta", _ => { }));

        var run = await Run(1);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("Succeeded", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 violations", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongRun_OutlivesWhatTheCoordinatorsKeepOfAVm()
    {
        Cluster(keeps: 2);

        var run = await Run(5);

        Assert.True(run.ExitCode == ExitCode.Ok, run.Output + run.Error);
        Assert.Contains("5 acknowledged requests", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doubt_IsCountedAndItsVmLeftAlone()
    {
        Cluster(end => (end.Phase, end.Terminal, end.Reason) = ("InDoubt", false, "beta is silent"));

        var run = await Run(5);

        Assert.Equal(ExitCode.InDoubt, run.ExitCode);
        Assert.Single(coordinator.Requests.OfType<StartMigrationRequest>());
        Assert.Contains("0 violations, 1 in doubt: 'coordctl get alerts' has them", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StrikeThatFails_EndsTheRunAndIsHealed()
    {
        Cluster();

        var run = await Run(Plan.Replace("echo \"$VM", "false; echo no such host; exit 255; echo \"$VM", StringComparison.Ordinal), 3);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("the strike of 'agent killed' ended with 255: no such host", run.Error, StringComparison.Ordinal);
        Assert.Equal(["healed"], await File.ReadAllLinesAsync(Struck));
    }

    /// <summary>The real program: Ctrl-C, an order to end, a terminal that is closed.</summary>
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task SignalWhileAFaultLasts_HealsBeforeTheEnd(string signal)
    {
        Cluster();
        var plan = Path.Combine(folder, "plan.yaml");
        await File.WriteAllTextAsync(plan, Plan.Replace("lastsMs: 5", "lastsMs: 600000", StringComparison.Ordinal));

        // Whoever started this test may ignore these signals (nohup does), and children inherit that. Beside it lie the libraries that this test is made of, so it runs on them.
        string InThisFolder(string file) => Path.Combine(AppContext.BaseDirectory, file);
        using var coordctl = Process.Start(new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT,TERM,HUP", "dotnet", "exec", "--depsfile", InThisFolder("Coordinator.Cli.Tests.deps.json"), "--runtimeconfig", InThisFolder("Coordinator.Cli.Tests.runtimeconfig.json"),
                InThisFolder("coordctl.dll"), "chaos", "run", plan, "--rounds", "1", "--server", coordinator.Url,
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            await Eventually.BecomesTrue(() => File.Exists(Struck), s_limit, "the fault", () => coordctl.HasExited ? coordctl.StandardError.ReadToEnd() : "");
            using (var kill = Process.Start("kill", [$"-{signal}", $"{coordctl.Id}"]))
                await kill.WaitForExitAsync();
            await coordctl.WaitForExitAsync().WaitAsync(s_limit);
        }
        finally
        {
            coordctl.Kill(entireProcessTree: true);
        }

        Assert.Equal(["web-1 alpha beta", "healed"], await File.ReadAllLinesAsync(Struck));
        Assert.Equal(ExitCode.Interrupted, coordctl.ExitCode);
    }

    [Theory]
    [InlineData("hosts: [alpha, beta]", "hosts: [alpha, gamma]", ExitCode.NotFound, "host 'gamma' of the plan is unknown; there are alpha, beta")]
    [InlineData("hosts: [alpha, beta]", "hosts: [beta, delta]", ExitCode.NotFound, "host 'delta'")]
    public async Task PlanThatDoesNotFit_IsRefusedBeforeAnythingIsTouched(string from, string to, int code, string sentence)
    {
        Cluster();

        var run = await Run(Plan.Replace(from, to, StringComparison.Ordinal), 1);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Empty(coordinator.Requests.OfType<StartMigrationRequest>());
    }

    [Fact]
    public async Task DryRun_BreaksNothing_ExampleNeedsNobody_AndARecordIsJudgedAgain()
    {
        Cluster();
        Assert.Equal(ExitCode.Ok, (await Run(1, "--dry-run")).ExitCode);
        Assert.Empty(coordinator.Requests.OfType<StartMigrationRequest>());
        Assert.Contains("strike:", (await CoordctlRun.With(new(), "chaos", "run", "--example")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await CoordctlRun.With(new(), "chaos", "run")).ExitCode);

        Assert.Equal(ExitCode.Ok, (await Run(2, "--record", Path.Combine(folder, "record"))).ExitCode);
        var judged = await CoordctlRun.With(new(), "chaos", "judge", Path.Combine(folder, "record"));
        Assert.Equal(ExitCode.Ok, judged.ExitCode);
        Assert.Contains("2 acknowledged requests", judged.Output, StringComparison.Ordinal);
        Assert.Equal(5, HistoryLines.ReadDirectory(Path.Combine(folder, "record")).OfType<ResultSeen>().Count());
        Assert.Equal(ExitCode.NotFound, (await CoordctlRun.With(new(), "chaos", "judge", Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName)).ExitCode);
    }

    string Plan => $"""
        vms: [web-1]
        hosts: [alpha, beta]
        settleSeconds: 1
        faults:
          - name: agent killed
            strike: echo "$VM $SOURCE $DESTINATION" >> {Struck}
            heal: echo healed >> {Struck}
            lastsMs: 5
            during: [Iterating]
            hits: source-agent
        """;

    Task<CoordctlRun> Run(int rounds, params string[] options) => Run(Plan, rounds, options);

    async Task<CoordctlRun> Run(string plan, int rounds, params string[] options)
    {
        var file = Path.Combine(folder, "plan.yaml");
        await File.WriteAllTextAsync(file, plan);
        return await CoordctlRun.Of(coordinator, ["chaos", "run", file, "--rounds", $"{rounds}", .. options]);
    }

    /// <summary>Each accepted migration goes well, from where the one before has ended; of so many the coordinator still knows.</summary>
    void Cluster(Action<Migration>? otherwise = null, int keeps = 8)
    {
        Dictionary<string, (string From, string To)> accepted = [];
        coordinator.Answers<StartMigrationRequest>(request =>
        {
            var id = Guid.NewGuid().ToString();
            accepted[id] = (Here(), request.DestinationHost);
            moves++;
            return new Migration { Id = id, Vm = "web-1", SourceHost = accepted[id].From, DestinationHost = accepted[id].To, Phase = "Pending" };
        });
        coordinator.Answers<GetMigrationRequest>(request => accepted.Keys.TakeLast(keeps).Contains(request.MigrationId)
            ? Ended(request.MigrationId, accepted[request.MigrationId].From, accepted[request.MigrationId].To, otherwise)
            : throw new RpcException(new Status(StatusCode.NotFound, $"VM 'web-1' has no migration '{request.MigrationId}' among its last {keeps}")));
        coordinator.OnWatch = (request, tell, _) => tell(Ended(request.MigrationId, accepted[request.MigrationId].From, accepted[request.MigrationId].To, otherwise));
        coordinator.Answers<GetVirtualMachineRequest>(_ => Vm(Here()));
        coordinator.Answers<ListHostsRequest>(_ => Hosts(Here()));
    }

    string Here() => moves % 2 == 0 ? "alpha" : "beta";

    static Migration Ended(string id, string from, string to, Action<Migration>? otherwise)
    {
        var ended = new Migration { Id = id, Vm = "web-1", SourceHost = from, DestinationHost = to, Phase = "Succeeded", Verdict = "Verified", Terminal = true };
        otherwise?.Invoke(ended);
        return ended;
    }

    static VirtualMachine Vm(string host) => new() { Name = "web-1", Residence = "Resident", Host = host, RunState = "running", Pid = 7 };

    static ListHostsResponse Hosts(string having)
    {
        var hosts = new ListHostsResponse { Hosts = { new Host { Name = "alpha", Connected = true }, new Host { Name = "beta", Connected = true } } };
        foreach (var host in hosts.Hosts.Where(host => host.Name == having))
            host.VirtualMachines.Add("web-1");
        return hosts;
    }
}
