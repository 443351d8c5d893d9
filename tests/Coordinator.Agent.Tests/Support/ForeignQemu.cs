using System.Diagnostics;
using System.Globalization;
using Coordinator.Agent.Processes;
using Coordinator.Qmp;

namespace Coordinator.Agent.Tests.Support;

/// <summary>
/// A QEMU that somebody else started, with two monitors: one for the agent that adopts it, and one for a person who should not have it. It puts itself into the background: a child
/// of System.Diagnostics.Process that the agent reaps ends this process (.NET treats a child that it cannot reap as fatal).
/// </summary>
internal sealed class ForeignQemu : IAsyncDisposable
{
    private readonly QemuProcessIdentity _identity;

    private ForeignQemu(QemuProcessIdentity identity, string agentMonitor, string personMonitor)
    {
        _identity = identity;
        AgentMonitor = agentMonitor;
        PersonMonitor = personMonitor;
    }

    public string AgentMonitor { get; }

    public string PersonMonitor { get; }

    /// <summary>The definition by which both hosts know it: adopted where it is, launched where it goes.</summary>
    public string Definition => $"""
        {TwoHosts.DefinitionText()}
        adopt:
          qmpSocket: {AgentMonitor}
        """;

    public static async Task<ForeignQemu> StartAsync(string qemu, string folder, bool running)
    {
        string agent = Path.Combine(folder, "agent.sock");
        string person = Path.Combine(folder, "person.sock");
        string pidFile = Path.Combine(folder, "foreign.pid");
        string[] arguments =
        [
            "-daemonize", "-pidfile", pidFile,
            "-machine", "pc,accel=tcg", "-m", "64", "-nodefaults", "-display", "none", "-vga", "none", "-uuid", "6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b",
            "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,id=net0,addr=5,romfile=", "-device", "virtio-rng-pci,id=rng0,addr=6",
            "-qmp", $"unix:{agent},server=on,wait=off", "-qmp", $"unix:{person},server=on,wait=off", .. running ? Array.Empty<string>() : ["-S"],
        ];
        using (Process launcher = Process.Start(new ProcessStartInfo(qemu, arguments) { UseShellExecute = false })!)
        {
            await launcher.WaitForExitAsync();
            Assert.Equal(0, launcher.ExitCode);
        }

        int pid = int.Parse(await File.ReadAllTextAsync(pidFile), CultureInfo.InvariantCulture);
        ForeignQemu started = new(QemuProcessIdentity.OfPid(pid)!, agent, person);
        await Eventually.TrueAsync(() => started.Answers(), () => "QEMU's monitor answers");
        return started;
    }

    public Task<string> SayAsync(string command) => Disturbance.SayAsync(PersonMonitor, command);

    public async ValueTask DisposeAsync() => await QemuProcess.KillAsync(_identity, TimeSpan.FromSeconds(10));

    private bool Answers()
    {
        try
        {
            return SayAsync("query-status").GetAwaiter().GetResult().Length > 0;
        }
        catch (QmpException)
        {
            return false;
        }
    }
}
