using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class TapTests
{
    readonly List<RecordingTap> _taps = [];

    QmpOptions Tapped => QmpOptions.Default with
    {
        Tap = () =>
        {
            var tap = new RecordingTap();
            _taps.Add(tap);
            return tap;
        },
    };

    [Fact]
    public async Task Tap_HearsEachCommandAndItsReply_ErrorsToo()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(Tapped);
        var stopped = connection.ExecuteManyAsync([new QmpCommand("stop"), new QmpCommand("migrate", new { Uri = "tcp:h:1" })]);
        await peer.ReturnAsync(await peer.ReadAsync());
        await peer.RefuseAsync(await peer.ReadAsync(), "no");
        await stopped.InTime();

        Assert.Equal(
            ["> qmp_capabilities {\"enable\":[\"oob\"]}", "< ok", "> stop ", "> migrate {\"uri\":\"tcp:h:1\"}", "< ok", "< no"],
            Assert.Single(_taps).Heard);
    }

    [Fact]
    public async Task Tap_HearsAnArmedCommand_WhenItIsFiredAndOnce()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(Tapped);
        var armed = connection.Arm(new QmpCommand("cont"));
        Assert.DoesNotContain("> cont ", Assert.Single(_taps).Heard);

        var reply = armed.Fire();
        _ = armed.Fire();
        await peer.ReturnAsync(await peer.ReadAsync());
        await reply.InTime();

        Assert.Equal(["> cont ", "< ok"], Assert.Single(_taps).Heard.Skip(2));
    }

    [Fact]
    public async Task Tap_HearsALateReply_ThatItsCallerDoesNotWaitFor()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(Tapped);
        await Assert.ThrowsAsync<QmpTimeoutException>(() => connection.ExecuteAsync("stop", deadline: TimeSpan.FromMilliseconds(1)));
        var after = connection.ExecuteAsync("cont");
        await peer.ReturnAsync(await peer.ReadAsync());
        await peer.ReturnAsync(await peer.ReadAsync());
        await after.InTime();

        Assert.Equal(2, Assert.Single(_taps).Heard.Skip(2).Count(word => word == "< ok"));
    }

    [Fact]
    public async Task EveryConnection_HasATapOfItsOwn()
    {
        await using var monitor = new FakeMonitor();
        await monitor.ConnectAsync(Tapped);
        await monitor.ConnectAsync(Tapped);

        Assert.Equal(2, _taps.Count);
    }

    sealed class RecordingTap : IQmpTap
    {
        readonly List<string> _heard = [];

        public IReadOnlyList<string> Heard
        {
            get
            {
                lock (_heard)
                    return [.. _heard];
            }
        }

        public void Sending(long number, QmpCommand command, bool isOutOfBand) => Note($"> {command.Name} {command.ArgumentsText}");

        public void Answered(long number, in QmpReply reply) => Note(reply.IsError ? $"< {reply.Error!.Description}" : "< ok");

        void Note(string word)
        {
            lock (_heard)
                _heard.Add(word);
        }
    }
}
