using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;

namespace Coordinator.Runbooks;

/// <summary>What can be said of docker/systemd without systemd as this machine's init.</summary>
public sealed class UnitsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new("units-");

    private static string Units => Path.Combine(LabFolder.RepositoryRoot, "docker", "systemd");

    private string Root => _folder["root"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("agent")]
    [InlineData("server")]
    public async Task Unit_IsAcceptedBySystemd(string part)
    {
        await ExternalCommand.Run(LabFolder.Installer("systemd.sh"), []);
        Programs();
        string unit = _folder[$"coordinator-{part}.service"];
        await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(Path.Combine(Units, Path.GetFileName(unit)))).Replace("/opt/coordinator/coordinator-", $"{_folder["bin"]}/coordinator-", StringComparison.Ordinal));

        (int code, string said, string wrong) = await ExternalCommand.Try("systemd-analyze", ["verify", "--man=no", unit]);

        Assert.True(code == 0, said + wrong);
        Assert.DoesNotContain($"coordinator-{part}", said + wrong, StringComparison.Ordinal);
    }

    /// <summary>systemd's own score, in tenths: 100 is a root service without any setting. A looser unit has to be argued for here.</summary>
    [Theory]
    [InlineData("agent", 38)]
    [InlineData("server", 14)]
    public async Task Unit_IsExposedNoMoreThanAgreed(string part, int tenths)
    {
        await ExternalCommand.Run(LabFolder.Installer("systemd.sh"), []);

        (int code, string said, string wrong) = await ExternalCommand.Try(
            "systemd-analyze", ["security", "--offline=true", string.Create(CultureInfo.InvariantCulture, $"--threshold={tenths}"), Path.Combine(Units, $"coordinator-{part}.service")]);

        Assert.True(code == 0, said + wrong);
    }

    [Fact]
    public async Task Install_Repeated_ChangesNothingAndKeepsTheConfiguration()
    {
        Programs();
        await InstallAsync();
        await File.WriteAllTextAsync(Path.Combine(Root, "etc/coordinator/server.env"), "COORDINATOR_GRPC=127.0.0.1:1\n");
        string[] before = Tree();

        string said = await InstallAsync();

        Assert.Equal(before, Tree());
        Assert.Contains("are these already", said, StringComparison.Ordinal);
        Assert.Contains("unit coordinator-agent.service is this one already", said, StringComparison.Ordinal);
        Assert.Equal("COORDINATOR_GRPC=127.0.0.1:1\n", await File.ReadAllTextAsync(Path.Combine(Root, "etc/coordinator/server.env")));
    }

    [Fact]
    public async Task Install_OfNewPrograms_KeepsTheOldOnesBeside()
    {
        Programs();
        await InstallAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder["bin"], "coordinator-agent"), "#!/bin/sh\n# newer\n");

        await InstallAsync();

        Assert.Contains("# newer", await File.ReadAllTextAsync(Path.Combine(Root, "opt/coordinator/coordinator-agent")), StringComparison.Ordinal);
        Assert.DoesNotContain("# newer", await File.ReadAllTextAsync(Path.Combine(Root, "opt/coordinator.old/coordinator-agent")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_WithoutPrograms_SaysHowToMakeThem()
    {
        (int code, _, string wrong) = await ExternalCommand.Try(Path.Combine(Units, "install"), ["--from", _folder["nothing"], "--root", Root]);

        Assert.Equal(1, code);
        Assert.Contains("'make build' makes it", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uninstall_LeavesStateAndConfiguration()
    {
        Programs();
        await InstallAsync();
        string state = State();

        string said = await UninstallAsync(0);

        Assert.True(File.Exists(state));
        Assert.True(File.Exists(Path.Combine(Root, "etc/coordinator/server.env")));
        Assert.False(Directory.Exists(Path.Combine(Root, "opt/coordinator")));
        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "etc/systemd/system")));
        Assert.Contains("left in place", said, StringComparison.Ordinal);
        await UninstallAsync(0);
    }

    [Fact]
    public async Task Purge_WhileAGuestRuns_IsRefusedAndChangesNothing()
    {
        Programs();
        await InstallAsync();
        string state = State();
        string guest = Directory.CreateDirectory(Path.Combine(_folder["proc"], "4711")).FullName;
        await File.WriteAllTextAsync(Path.Combine(guest, "cmdline"), "/usr/bin/qemu-system-x86_64\0-name\0guest=web-1,process=qemu:web-1,debug-threads=on\0");
        string[] before = Tree();

        string refused = await UninstallAsync(1, "--purge");

        Assert.Contains("--purge is refused while guests run here", refused, StringComparison.Ordinal);
        Assert.Contains("web-1 (pid 4711)", refused, StringComparison.Ordinal);
        Assert.Equal(before, Tree());
        Assert.Contains("guests that go on, without an agent: web-1 (pid 4711)", await UninstallAsync(0), StringComparison.Ordinal);

        Directory.Delete(guest, recursive: true);
        await UninstallAsync(0, "--purge");

        Assert.False(File.Exists(state));
        Assert.False(Directory.Exists(Path.Combine(Root, "etc/coordinator")));
    }

    /// <summary>A real guest on a tap moves, by agents that have what their unit leaves them and no more; so have its QEMUs.</summary>
    [Fact]
    public async Task AgentUnit_LeavesEnoughToMoveAGuest()
    {
        await ExternalCommand.Run(LabFolder.Installer("systemd.sh"), []);
        string[] capabilities = (await File.ReadAllLinesAsync(Path.Combine(Units, "coordinator-agent.service")))
            .Single(line => line.StartsWith("CapabilityBoundingSet=", StringComparison.Ordinal))["CapabilityBoundingSet=CAP_".Length..].ToLowerInvariant().Split(" cap_");
        Wiring wiring = new() { AgentsStartedBy = ["setpriv", "--no-new-privs", "--bounding-set", $"-all,{string.Join(',', capabilities.Select(name => $"+{name}"))}"] };
        await using Deployment deployment = await Deployment.StartAsync(wiring: wiring);
        await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Of("tapped",
        [
            "-machine", "pc,accel=tcg", "-m", "64", "-nodefaults", "-display", "none", "-vga", "none",
            "-netdev", "tap,id=n0,ifname=${tap},script=no,downscript=no,queues=2,vhost=off", "-device", $"virtio-net-pci,netdev=n0,id=net0,mq=on,vectors=6,romfile=,mac={LabNetwork.GuestMac()}",
        ]));

        await deployment.Api.MigrateAsync("tapped", Deployment.Beta);
        Migration ended = await deployment.Api.EndAsync("tapped");

        Assert.True(ended is { Phase: "Succeeded" }, $"{Story.Of(ended)}\n{deployment.Log()}");
        string status = await File.ReadAllTextAsync($"/proc/{deployment.Agent(Deployment.Beta).Pid}/status");
        Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
        Assert.Equal(capabilities.Length, System.Numerics.BitOperations.PopCount(ulong.Parse(Field(status, "CapEff"), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        Assert.Equal("-10", (await File.ReadAllTextAsync($"/proc/{deployment.Agent(Deployment.Beta).Pid}/stat")).Split(") ")[1].Split(' ')[16]);
        string without = string.Join('\n', deployment.Agent(Deployment.Alpha).Output.Split('\n').Where(line => line.Contains("may wait up to 40 ms", StringComparison.Ordinal)));
        Assert.True(without.Length == 0, without);
        string guest = await File.ReadAllTextAsync($"/proc/{(await deployment.Api.VmAsync("tapped")).Pid}/status");
        Assert.Equal(Field(status, "CapBnd"), Field(guest, "CapBnd"));
    }

    private static string Field(string status, string name) => status.Split('\n').Single(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split('\t')[1];

    private void Programs()
    {
        Directory.CreateDirectory(_folder["bin"]);
        foreach (string name in new[] { "coordctl", "coordinator-agent", "coordinator-server" })
        {
            string program = Path.Combine(_folder["bin"], name);
            File.WriteAllText(program, "#!/bin/sh\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }
    }

    private string State()
    {
        string state = Path.Combine(Directory.CreateDirectory(Path.Combine(Root, "var/lib/coordinator")).FullName, "agent.db");
        File.WriteAllText(state, "state");
        return state;
    }

    private string[] Tree() => [.. Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private Task<string> InstallAsync() => ExternalCommand.Run(Path.Combine(Units, "install"), ["--from", _folder["bin"], "--root", Root]);

    private async Task<string> UninstallAsync(int expected, params string[] arguments)
    {
        Directory.CreateDirectory(_folder["proc"]);
        (int code, string said, string wrong) = await ExternalCommand.Try("env", [$"COORDINATOR_PROC={_folder["proc"]}", Path.Combine(Units, "uninstall"), "--root", Root, .. arguments]);
        Assert.True(code == expected, $"{code}: {said}{wrong}");
        return said + wrong;
    }
}
