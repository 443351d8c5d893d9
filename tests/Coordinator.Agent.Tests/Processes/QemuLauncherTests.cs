using System.Diagnostics;
using System.Globalization;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Coordinator.Agent.Tests.Processes;

public sealed class QemuLauncherTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(LaunchRole.Start, "prelaunch")]
    [InlineData(LaunchRole.Incoming, "inmigrate")]
    public async Task LaunchAsync_EmptyMachine_ComesUpStoppedAndAnswers(LaunchRole role, string expected)
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine(role);
        using var qemu = await host.LaunchAsync(line);

        var reply = await QemuHost.AskAsync(qemu.MonitorPath, "query-status");
        Assert.Equal(expected, (string?)reply["return"]!["status"]);
        Assert.True(qemu.Process.Identity.IsAlive);
        Assert.False(qemu.Process.HasExited);
    }

    [Fact]
    public async Task LaunchAsync_Qemu_DependsOnNothingOfTheAgent()
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        using var qemu = await host.LaunchAsync(line);
        var pid = qemu.Process.Identity.Pid;

        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var session = int.Parse(fields[3], CultureInfo.InvariantCulture);
        Assert.Equal((pid, "/", "qemu:web-1"), (session, new FileInfo($"/proc/{pid}/cwd").LinkTarget, File.ReadAllText($"/proc/{pid}/comm").Trim()));
        Assert.Equal(("/dev/null", line.LogPath, line.LogPath), (Descriptor(pid, 0), Descriptor(pid, 1), Descriptor(pid, 2)));
        var status = File.ReadAllLines($"/proc/{pid}/status");
        Assert.Contains("Umask:\t0077", status);
        // Nothing but its own: no file, socket or pipe of this test process.
        Assert.All(Directory.GetFiles($"/proc/{pid}/fd"), fd =>
            Assert.False(new FileInfo(fd).LinkTarget is { } link && link != line.LogPath && link.StartsWith('/')
                && !link.StartsWith("/dev/", StringComparison.Ordinal) && !link.StartsWith("/memfd", StringComparison.Ordinal),
                $"{fd} -> {new FileInfo(fd).LinkTarget}"));
        var environment = File.ReadAllText($"/proc/{pid}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(environment, variable => variable.StartsWith("DOTNET", StringComparison.Ordinal)
            || variable.StartsWith("VSTEST", StringComparison.Ordinal));
        Assert.Contains(environment, variable => variable.StartsWith("PATH=", StringComparison.Ordinal));

        static string? Descriptor(int pid, int number) => new FileInfo($"/proc/{pid}/fd/{number}").LinkTarget;
    }

    [Fact]
    public async Task LaunchAsync_MonitorAndLog_AreForTheOwnerOnly()
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        using var qemu = await host.LaunchAsync(line);

        const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(OwnerFile, File.GetUnixFileMode(line.QmpSocketPath));
        Assert.Equal(OwnerFile, File.GetUnixFileMode(line.LogPath));
        Assert.All(new[] { Path.GetDirectoryName(line.QmpSocketPath)!, line.RunDirectory, line.StateDirectory }, directory =>
            Assert.Equal(OwnerFile | UnixFileMode.UserExecute, File.GetUnixFileMode(directory)));
    }

    [Fact]
    public async Task LaunchAsync_Monitor_IsFreeForOneConnectionAfterAnother()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("web-1", (string?)(await QemuHost.AskAsync(qemu.MonitorPath, "query-name"))["return"]!["name"]);
        }
    }

    [Fact]
    public async Task LaunchAsync_NoBinary_SaysSo()
    {
        await using var host = new QemuHost();
        var missing = await Refused(host, host.Line("-m 1", binary: "/nonexistent/qemu"));
        Assert.Equal((LaunchFault.NoBinary, "there is no QEMU at /nonexistent/qemu; install it on this host, or set 'qemu.default' of the host's "
            + "configuration."), (missing.Fault, missing.Message));

        var path = Path.Combine(host.Directory, "text");
        File.WriteAllText(path, "no program");
        var text = await Refused(host, host.Line("-m 1", binary: path));
        Assert.Equal((LaunchFault.NoBinary, $"{path} is not executable, so it is no QEMU binary."), (text.Fault, text.Message));
    }

    [Theory]
    [InlineData("-machine none -nodefaults -bogus", "exited with code 1: ", "-bogus: invalid option")]
    [InlineData("-machine none -nodefaults -display none -device nothing", "exited with code 1: ", "'nothing' is not a valid device model name")]
    public async Task LaunchAsync_QemuRefusesItsArguments_GivesCodeAndItsWords(string arguments, string exit, string words)
    {
        await using var host = new QemuHost();
        var line = host.Line(arguments);
        var e = await Refused(host, line);

        Assert.Equal(LaunchFault.Exited, e.Fault);
        Assert.StartsWith("QEMU of VM web-1 " + exit, e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.LogTail, StringComparison.Ordinal);
        Assert.Empty(QemuLauncher.FindLaunch(line.LaunchId));
        Assert.False(File.Exists(line.QmpSocketPath));
    }

    [Fact]
    public async Task LaunchAsync_ProgramThatEndsSilently_SaysThat()
    {
        await using var host = new QemuHost();
        Assert.Equal("QEMU of VM web-1 exited with code 1: (it wrote nothing)", (await Refused(host, host.Line("-m 1", binary: "/bin/false"))).Message);
    }

    [Fact]
    public async Task LaunchAsync_QemuThatNeverAnswers_IsKilledAtTheLimit()
    {
        await using var host = new QemuHost();
        // A "QEMU" that reads its arguments as a shell would and then waits for ever: -c is the first thing a shell looks at.
        var line = host.Line("-m 1", binary: "/bin/sh") with
        {
            Arguments = ["-c", "echo starting; exec sleep 1000", QemuCommandLine.MonitorArgument("hang-1")],
        };
        var start = Stopwatch.GetTimestamp();

        var e = await Assert.ThrowsAsync<QemuLaunchException>(() => new QemuLauncher(QemuScope.Never).LaunchAsync(line, TimeSpan.FromMilliseconds(200)));

        Assert.Equal((LaunchFault.TimedOut, "QEMU of VM web-1 did not answer on its monitor within 0.2 s and was killed; it wrote: starting"),
            (e.Fault, e.Message));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.2, 10);
        Assert.Empty(QemuLauncher.FindLaunch("hang-1"));
    }

    [Fact]
    public async Task LaunchAsync_Cancelled_LeavesNoQemu()
    {
        await using var host = new QemuHost();
        // QEMU waits for somebody to connect before it makes its machine, with the monitor greeting already.
        var line = host.Line("-machine none -nodefaults -display none -serial unix:${runDir}/serial,server=on,wait=on");
        using var cancel = new CancellationTokenSource();
        var launch = new QemuLauncher(QemuScope.Never).LaunchAsync(line, QemuHost.Limit, cancel.Token);
        await Eventually.TrueAsync(() => File.Exists(Path.Combine(line.RunDirectory, "serial")), "QEMU waits");
        Assert.False(launch.IsCompleted);
        Assert.Single(QemuLauncher.FindLaunch(line.LaunchId));
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
        Assert.Empty(QemuLauncher.FindLaunch(line.LaunchId));
    }

    [Fact]
    public async Task LaunchAsync_SecondLaunchOfOneId_TakesNoMonitorAway()
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        using var qemu = await host.LaunchAsync(line);

        var e = await Refused(host, line);
        Assert.Equal(LaunchFault.Refused, e.Fault);
        Assert.Contains("Address already in use", e.Message, StringComparison.Ordinal);
        Assert.True(qemu.Process.Identity.IsAlive);
        Assert.NotNull((await QemuHost.AskAsync(qemu.MonitorPath, "query-status"))["return"]);
    }

    [Fact]
    public async Task LaunchAsync_DirectoryOfAnotherUser_IsRefused()
    {
        Assert.True(Environment.IsPrivilegedProcess, "this test gives a directory to another user, which needs root; run the tests as root.");
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        Directory.CreateDirectory(Path.GetDirectoryName(line.QmpSocketPath)!);
        using (var chown = Process.Start("chown", ["65534", Path.GetDirectoryName(line.QmpSocketPath)!]))
        {
            await chown.WaitForExitAsync();
        }

        Assert.Contains("belongs to user 65534 and not to the agent's user", (await Refused(host, line)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindLaunch_LiveLaunch_IsFoundByItsId()
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        using var qemu = await host.LaunchAsync(line);

        Assert.Equal([qemu.Process.Identity], QemuLauncher.FindLaunch(line.LaunchId));
        Assert.Empty(QemuLauncher.FindLaunch("another"));
    }

    [Fact]
    public async Task LaunchAsync_OldLogs_AreBounded()
    {
        await using var host = new QemuHost();
        var line = host.EmptyMachine();
        Directory.CreateDirectory(line.StateDirectory);
        for (var i = 0; i < 30; i++)
        {
            File.WriteAllText(Path.Combine(line.StateDirectory, $"qemu-old-{i}.log"), "x");
        }

        using var qemu = await host.LaunchAsync(line);
        Assert.Equal(10, Directory.GetFiles(line.StateDirectory, "qemu-*.log").Length);
        Assert.True(File.Exists(line.LogPath));
    }

    [Fact]
    public async Task LaunchAsync_TimeToMonitor_IsThatOfQemuItself()
    {
        await using var host = new QemuHost();
        var times = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            using var qemu = await host.LaunchAsync(host.EmptyMachine());
            times.Add(qemu.LaunchToMonitor.TotalMilliseconds);
            Assert.True(await qemu.Process.KillAsync(QemuHost.Limit));
        }

        times.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"launch to first answer of the monitor, empty machine, ms: min {times[0]:F1} median "
            + $"{times[times.Count / 2]:F1} max {times[^1]:F1}"));
        // Generous: the machine may be busy. A launcher that polled with sleeps of a second would show.
        Assert.InRange(times[0], 1, 700);
    }

    private static async Task<QemuLaunchException> Refused(QemuHost host, QemuCommandLine line) =>
        await Assert.ThrowsAsync<QemuLaunchException>(() => host.LaunchAsync(line));
}
