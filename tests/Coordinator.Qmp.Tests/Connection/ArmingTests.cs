using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class ArmingTests
{
    static readonly QmpCommand Query = new("query-status");

    [Fact]
    public async Task Arm_SendsAllButTheEnd_AndFireTheRest()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var armed = connection.Arm(Query);
        var begun = await peer.ReadBytesAsync(20);
        Assert.Equal("""{"execute":"query-st""", begun);
        var reply = armed.Fire();
        var rest = FakeCommand.Parse(begun + await peer.ReadLineAsync());
        await peer.ReturnAsync(rest, "7");

        Assert.Equal("query-status", rest.Name);
        Assert.Equal(7, (await reply.InTime()).Result.GetInt32());
        Assert.Equal(await reply, await armed.Fire().InTime());
    }

    [Fact]
    public async Task Fire_FreesTheConnectionForOtherCommands()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var armed = connection.Arm(Query);

        await Assert.ThrowsAsync<InvalidOperationException>(() => connection.ExecuteAsync("stop"));
        Assert.Throws<InvalidOperationException>(() => connection.Arm(Query));
        _ = armed.Fire();
        var stopped = connection.ExecuteAsync("stop");

        await peer.ReturnAsync(await peer.ReadAsync());
        await peer.ReturnAsync(await peer.ReadAsync());
        await stopped.InTime();
    }

    [Fact]
    public async Task Arm_BehindAnUnansweredCommand_IsRefused()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var unanswered = connection.ExecuteAsync("stop");

        Assert.Throws<InvalidOperationException>(() => connection.Arm(Query));

        await peer.ReturnAsync(await peer.ReadAsync());
        await unanswered.InTime();
    }

    [Fact]
    public async Task Fire_AfterTheEndOfTheConnection_FailsWithoutSending()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var armed = connection.Arm(Query);

        await peer.DisposeAsync();
        await connection.Closed.InTime();

        await Assert.ThrowsAsync<QmpClosedException>(() => armed.Fire().InTime());
        Assert.Throws<QmpClosedException>(() => connection.Arm(Query));
    }

    [Fact]
    public void Commands_OfTheSameWords_AreEqual()
    {
        Assert.Equal(new QmpCommand("q", new { Path = "/a", Queue = 1 }), new QmpCommand("q", new { Path = "/a", Queue = 1 }));
        Assert.Equal(new QmpCommand("q").GetHashCode(), new QmpCommand("q").GetHashCode());
        Assert.NotEqual(new QmpCommand("q", new { Queue = 1 }), new QmpCommand("q", new { Queue = 2 }));
        Assert.NotEqual(new QmpCommand("p"), new QmpCommand("q"));
    }
}
