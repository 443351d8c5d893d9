using System.Diagnostics;
using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Qemu;

public sealed class RealMonitorTests
{
    /// <summary>Reading 2 GiB of guest memory keeps QEMU's main loop busy for tenths of a second.</summary>
    static readonly QmpCommand SlowCommand = new("pmemsave", new { Val = 0, Size = 2_000_000_000, Filename = "/dev/null" });

    static readonly string[] EmptyMachine = ["-machine", "none"];
    static readonly string[] BigMachine = ["-machine", "pc", "-m", "2048"];

    public static TheoryData<string> Both => QemuBinary.Both;

    [Theory, MemberData(nameof(Both))]
    public async Task Connect_OutOfBandIsOn_AndTheVersionIsQemus(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        await using var connection = await qemu.ConnectAsync();

        var version = QmpVersion.Parse(await connection.ExecuteAsync("query-version"));

        Assert.True(connection.OutOfBand);
        Assert.Equal(connection.Version, version);
        Assert.True(which == QemuBinary.System || version.IsAtLeast(8, 0));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task FreshVm_IsPrelaunch_AndWasNeverMigrated(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        await using var connection = await qemu.ConnectAsync();

        Assert.Equal(new RunStatus("prelaunch", IsRunning: false), await connection.QueryStatusAsync());
        Assert.Equal("none", (await connection.QueryMigrateAsync()).Status);
        Assert.Empty(await connection.QueryVirtioAsync());
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ExecuteMany_200Commands_AreAllAnsweredInOrder(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        await using var connection = await qemu.ConnectAsync();
        var commands = Enumerable.Range(0, 200).Select(static i => i % 2 == 0 ? new QmpCommand("query-status") : new QmpCommand($"no-such-{i}")).ToList();

        var replies = await connection.ExecuteManyAsync(commands);

        Assert.Equal(200, replies.Length);
        Assert.All(replies, static (reply, i) =>
        {
            if (i % 2 == 0)
                Assert.Equal("prelaunch", RunStatus.Parse(reply.Result).Status);
            else
                Assert.Equal(new QmpError("CommandNotFound", $"The command no-such-{i} has not been found"), reply.Error);
        });
    }

    [Theory, MemberData(nameof(Both))]
    public async Task OutOfBand_IsAnsweredWhileInBandCommandsFillTheQueue(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, BigMachine);
        await using var connection = await qemu.ConnectAsync();
        var busy = connection.ExecuteManyAsync([.. Enumerable.Repeat(SlowCommand, 20)], Timeout.InfiniteTimeSpan);

        var yankable = await connection.ExecuteOutOfBandAsync("query-yank");
        var refused = await Assert.ThrowsAsync<QmpCommandException>(() => connection.ExecuteOutOfBandAsync("query-status"));

        Assert.False(busy.IsCompleted, "The in-band commands were too fast to show anything.");
        Assert.Contains("chardev", yankable.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("does not support OOB", refused.Description, StringComparison.Ordinal);
        qemu.Kill();
        await Assert.ThrowsAsync<QmpClosedException>(() => busy.InTime());
    }

    [Theory, MemberData(nameof(Both))]
    public async Task SecondClient_IsToldThatAnotherMayHoldTheMonitor(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        await using var first = await qemu.ConnectAsync();
        var brief = new QmpOptions { ConnectDeadline = TimeSpan.FromMilliseconds(300) };

        var second = await Assert.ThrowsAsync<QmpGreetingException>(() => QmpConnection.ConnectAsync(qemu.Endpoint, brief).InTime());
        // Those that gave up still lie in the listener's queue; when it is full the kernel refuses at once.
        var further = new List<Exception>();
        for (var i = 0; i < 4; i++)
            further.Add(await Assert.ThrowsAnyAsync<QmpException>(() => QmpConnection.ConnectAsync(qemu.Endpoint, brief).InTime()));

        Assert.Contains("another client may hold this monitor", second.Message, StringComparison.Ordinal);
        Assert.All(further, static e => Assert.Contains("another client may hold this monitor", e.Message, StringComparison.Ordinal));
        Assert.Contains(further, static e => e is QmpConnectException);
        Assert.Equal("prelaunch", (await first.QueryStatusAsync()).Status);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task MonitorIsFreeAgain_AfterItsClientLeft(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        for (var i = 0; i < 5; i++)
        {
            await using var connection = await qemu.ConnectAsync();
            Assert.Equal("prelaunch", (await connection.QueryStatusAsync()).Status);
        }
    }

    /// <summary>QEMU hands the reply of the departed client's command to the next client; a plain count as id would mix them up.</summary>
    [Theory, MemberData(nameof(Both))]
    public async Task ClientLeavesDuringACommand_TheNextClientGetsOnlyItsOwnReplies(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, BigMachine);
        for (var round = 0; round < 3; round++)
        {
            await using (var leaving = await qemu.ConnectAsync())
            {
                var abandoned = leaving.ExecuteAsync(SlowCommand, Timeout.InfiniteTimeSpan);
                await leaving.ExecuteOutOfBandAsync("query-yank");
                await leaving.DisposeAsync();
                await Assert.ThrowsAsync<QmpClosedException>(() => abandoned.InTime());
            }
            // Where a page of the guest costs the machine below much, reading all of them takes many seconds.
            await using var next = await qemu.ConnectAsync(new QmpOptions { ConnectDeadline = Patience.Limit });
            for (var i = 0; i < 10; i++)
                Assert.Equal("prelaunch", (await next.QueryStatusAsync()).Status);
        }
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Killed_EverythingPendingFailsAtOnce(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, BigMachine);
        await using var connection = await qemu.ConnectAsync();
        var pending = Enumerable.Range(0, 15).Select(_ => connection.ExecuteAsync(SlowCommand, Timeout.InfiniteTimeSpan)).ToList();
        await connection.ExecuteOutOfBandAsync("query-yank");
        var watch = Stopwatch.StartNew();

        qemu.Kill();
        var reason = await connection.Closed.InTime();
        foreach (var one in pending)
            await Assert.ThrowsAsync<QmpClosedException>(() => one.InTime());

        Assert.Equal(QmpClosedKind.PeerClosed, reason.Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Events_CarryQemusClock(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, "-machine", "pc", "-m", "16");
        await using var connection = await qemu.ConnectAsync();
        var before = DateTimeOffset.UtcNow;

        await connection.ExecuteAsync("cont");
        await connection.ExecuteAsync("system_reset");
        await connection.ExecuteAsync("stop");
        var seen = new List<GuestEvent>();
        while (seen is not [.., GuestStopped])
            seen.Add(GuestEvent.Parse(await connection.Events.ReadAsync().AsTask().InTime()));

        Assert.IsType<GuestResumed>(seen[0]);
        Assert.Contains(seen, static one => one is GuestReset { IsByGuest: false, Reason: "host-qmp-system-reset" });
        Assert.All(seen, one => Assert.InRange(one.Timestamp, before.AddMilliseconds(-1), DateTimeOffset.UtcNow));
        Assert.Equal(seen.Select(static one => one.Timestamp).Order(), seen.Select(static one => one.Timestamp));
        Assert.Contains(seen, static one => one.Timestamp.Ticks % TimeSpan.TicksPerMillisecond != 0);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Quit_LastEventIsHeard_AndTheConnectionEnds(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        await using var connection = await qemu.ConnectAsync();

        await connection.ExecuteAsync("quit");
        var shutdown = GuestEvent.Parse(await connection.Events.ReadAsync().AsTask().InTime());

        Assert.Equal(new GuestShutDown(shutdown.Timestamp, IsByGuest: false, "host-qmp-quit"), shutdown);
        Assert.Equal(QmpClosedKind.PeerClosed, (await connection.Closed.InTime()).Kind);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Session_QemuKilled_EndsWithItsProcess(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, EmptyMachine);
        var connected = new TaskCompletionSource();
        await using var session = QmpSession.Start(
            qemu.Endpoint, QmpOptions.Default,
            (_, _) =>
            {
                connected.TrySetResult();
                return Task.CompletedTask;
            },
            () => qemu.HasExited);
        await connected.Task.InTime();

        qemu.Kill();

        Assert.Equal(QmpSessionEnd.ProcessGone, await session.Completion.InTime());
    }
}
