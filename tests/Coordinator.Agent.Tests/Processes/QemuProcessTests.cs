using System.Diagnostics;
using System.Globalization;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

public sealed class QemuProcessTests
{
    [Fact]
    public async Task KillAsync_LaunchedQemu_IsProvenGoneAndItsSocketRemoved()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        var identity = qemu.Process.Identity;

        Assert.True(await qemu.Process.KillAsync(QemuHost.Limit));
        Assert.Equal(new QemuExit(null, 9), await qemu.Process.WaitForExitAsync());
        Assert.Equal(QemuPresence.Gone, identity.Observe());
        Assert.False(Directory.Exists($"/proc/{identity.Pid}"), "the child was not reaped");
        Assert.False(File.Exists(qemu.MonitorPath));
        Assert.True(await qemu.Process.KillAsync(QemuHost.Limit));
    }

    [Fact]
    public async Task WaitForExitAsync_QemuThatQuits_GivesItsCode()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        await QemuHost.AskAsync(qemu.MonitorPath, "quit");

        Assert.Equal(new QemuExit(0, null), await qemu.Process.WaitForExitAsync().WaitAsync(QemuHost.Limit));
    }

    // The test process starts a process that launches QEMU and dies, as an agent does that is killed: QEMU must live on, and its end must be noticed
    // at once though it is no child of ours.
    [Fact]
    public async Task Attach_AfterTheLaunchersDeath_QemuLivesOnAndItsEndIsNoticedAtOnce()
    {
        await using var host = new QemuHost();
        var (identity, monitorPath) = await LaunchByADyingAgentAsync(host);
        try
        {
            Assert.Equal(QemuPresence.Alive, QemuProcess.Attach(identity, monitorPath, out var process));
            using (process)
            {
                Assert.NotEqual(Environment.ProcessId, ParentOf(identity.Pid));
                Assert.Equal("prelaunch", (string?)(await QemuHost.AskAsync(monitorPath, "query-status"))["return"]!["status"]);
                var exit = process!.WaitForExitAsync();
                Assert.False(exit.IsCompleted);
                var start = Stopwatch.GetTimestamp();
                Assert.True(await process.KillAsync(QemuHost.Limit));
                Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
                Assert.Equal(QemuExit.ReasonUnknown, await exit);
                Assert.False(File.Exists(monitorPath));
            }
        }
        finally
        {
            await QemuProcess.KillAsync(identity, QemuHost.Limit);
        }
    }

    [Fact]
    public async Task KillAsync_IdentityOfAnEarlierProcessWithThisPid_KillsNothing()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        var real = qemu.Process.Identity;

        Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(real with { StartTimeTicks = real.StartTimeTicks - 1 }, QemuHost.Limit));
        Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(real with { BootId = Guid.NewGuid().ToString() }, QemuHost.Limit));
        Assert.Equal(QemuPresence.Unknown, await QemuProcess.KillAsync(real with { Namespaces = "1.2" }, QemuHost.Limit));
        Assert.True(real.IsAlive);
        Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(real, QemuHost.Limit));
    }

    // A zombie of ours that nobody has waited for yet: dead, although /proc still shows its pid with the same start time.
    [Fact]
    public async Task Observe_Zombie_IsGone()
    {
        using var directory = new TemporaryDirectory();
        var pid = Sleeper(directory);
        var identity = QemuProcessIdentity.OfPid(pid)!;
        Assert.True(identity.IsAlive);
        using (var pidFd = LinuxProcessCalls.OpenPidFd(pid)!)
        {
            Assert.True(LinuxProcessCalls.SendSignal(pidFd, LinuxProcessCalls.SigKill));
            await Eventually.TrueAsync(() => LinuxProcessCalls.HasExited(pidFd), "sleep has ended");
        }

        Assert.True(Directory.Exists($"/proc/{pid}"), "somebody else reaped it, so this test proves nothing");
        Assert.Equal(QemuPresence.Gone, identity.Observe());
        Assert.False(Directory.Exists($"/proc/{pid}"), "observing a dead child reaps it");
    }

    // .NET ignores SIGPIPE and catches others; a program started by it must not inherit that.
    [Fact]
    public async Task Start_DetachedProgram_HasDefaultSignalsAndFourDescriptors()
    {
        using var directory = new TemporaryDirectory();
        var pid = Sleeper(directory);
        var identity = QemuProcessIdentity.OfPid(pid)!;
        try
        {
            await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{pid}/comm") == "sleep\n", "the shell has become sleep");
            var signals = File.ReadAllLines($"/proc/{pid}/status").Where(row => row.StartsWith("Sig", StringComparison.Ordinal))
                .ToDictionary(row => row[..6], row => row[7..].Trim(), StringComparer.Ordinal);
            // Signals 1 to 31; glibc's posix_spawn itself leaves its two internal ones (32 and 33) ignored.
            const ulong Standard = 0x7FFF_FFFF;
            Assert.Equal((0ul, 0ul), (Convert.ToUInt64(signals["SigBlk"], 16) & Standard, Convert.ToUInt64(signals["SigIgn"], 16) & Standard));
            Assert.Equal(["0", "1", "2", "3"], Directory.GetFiles($"/proc/{pid}/fd").Select(Path.GetFileName).Order(StringComparer.Ordinal));
            // Non-blocking (04000): see MonitorListener.
            var row = File.ReadAllLines($"/proc/{pid}/fdinfo/3").Single(row => row.StartsWith("flags:", StringComparison.Ordinal));
            var flags = Convert.ToInt32(row[6..].Trim(), 8);
            Assert.Equal(0x800, flags & 0x800);
            Assert.StartsWith("socket:", new FileInfo($"/proc/{pid}/fd/3").LinkTarget, StringComparison.Ordinal);
        }
        finally
        {
            Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(identity, QemuHost.Limit));
        }
    }

    // An agent asks for years whether its QEMUs are there.
    [Fact]
    public async Task IsAlive_AskedOften_KeepsNoDescriptor()
    {
        using var directory = new TemporaryDirectory();
        var identity = QemuProcessIdentity.OfPid(Sleeper(directory))!;
        try
        {
            Assert.All(Enumerable.Range(0, 30_000), _ => Assert.True(identity.IsAlive));
        }
        finally
        {
            Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(identity, QemuHost.Limit));
        }
    }

    [Fact]
    public async Task Dispose_WhileQemuRuns_LeavesItAloneAndStillReapsItLater()
    {
        await using var host = new QemuHost();
        var qemu = await host.LaunchAsync(host.EmptyMachine());
        var identity = qemu.Process.Identity;
        qemu.Dispose();

        Assert.True(identity.IsAlive);
        Assert.Equal(QemuPresence.Gone, await QemuProcess.KillAsync(identity, QemuHost.Limit));
        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{identity.Pid}"), "the zombie is reaped");
    }

    [Fact]
    public void Identity_Text_RoundTripsAndRefusesNonsense()
    {
        var identity = QemuProcessIdentity.OfPid(Environment.ProcessId)!;

        Assert.Equal(identity, QemuProcessIdentity.TryParse(identity.ToString()));
        Assert.True(identity.IsAlive);
        Assert.All(new[] { "", "1:2:3:4", "x:1:b:n", "12:1:b", "-5:1:b:n", "12:-1:b:n", "12:1::n" }, text => Assert.Null(QemuProcessIdentity.TryParse(text)));
    }

    [Fact]
    public void StartTime_CommandWithParenthesesAndBlanks_IsReadRight()
    {
        Assert.Null(QemuProcessIdentity.OfPid(int.MaxValue));
        using var directory = new TemporaryDirectory();
        File.Copy("/bin/sleep", directory["a) R 1 (b"]);
        using var odd = Process.Start(directory["a) R 1 (b"], ["1000"]);
        try
        {
            using var plain = Process.GetProcessById(odd.Id);
            var ticks = QemuProcessIdentity.OfPid(odd.Id)!.StartTimeTicks;
            var own = QemuProcessIdentity.OfPid(Environment.ProcessId)!.StartTimeTicks;
            Assert.True(ticks >= own, $"{ticks} is before {own}");
            Assert.Equal((odd.StartTime - Process.GetCurrentProcess().StartTime).TotalSeconds, (ticks - own) / 100.0, tolerance: 0.05);
        }
        finally
        {
            odd.Kill();
            odd.WaitForExit();
        }
    }

    private static int Sleeper(TemporaryDirectory directory)
    {
        using var log = QemuLog.Create(directory["log"]);
        using var listener = MonitorListener.Listen(directory["socket"]);
        return DetachedProcess.Start(["/bin/sleep", "1000"], log.SafeFileHandle, listener);
    }

    private static int ParentOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<(QemuProcessIdentity Identity, string MonitorPath)> LaunchByADyingAgentAsync(QemuHost host)
    {
        using var agent = Process.Start(new ProcessStartInfo("dotnet", [typeof(QemuProcessTests).Assembly.Location, LaunchingAgent.Word, host.Directory])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var identity = QemuProcessIdentity.TryParse((await agent.StandardOutput.ReadLineAsync())!)!;
        var monitorPath = (await agent.StandardOutput.ReadLineAsync())!;
        agent.Kill();
        await agent.WaitForExitAsync();
        return (identity, monitorPath);
    }
}
