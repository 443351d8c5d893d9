using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class PipeliningTests
{
    const int Limit = 7;

    [Fact]
    public async Task ExecuteMany_KeepsSevenOutstanding_AndAnswersInOrder()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var executing = connection.ExecuteManyAsync([.. Enumerable.Range(0, 129).Select(static i => new QmpCommand("q", new { I = i }))]);
        var outstanding = new Queue<FakeCommand>();
        for (var received = 0; received < 129; received++)
        {
            outstanding.Enqueue(await peer.ReadAsync());
            // A full window is answered one by one: each answer lets exactly one more through.
            if (outstanding.Count == Limit || received >= 129 - Limit)
                await AnswerAsync(peer, outstanding.Dequeue());
        }
        while (outstanding.TryDequeue(out var command))
            await AnswerAsync(peer, command);

        var replies = await executing.InTime();
        Assert.Equal(Enumerable.Range(0, 129), replies.Select(static reply => reply.Result.GetInt32()));
    }

    [Fact]
    public async Task ExecuteMany_ErrorsStandAmongResults()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var executing = connection.ExecuteManyAsync([new("a"), new("b"), new("c")]);
        await peer.ReturnAsync(await peer.ReadAsync(), "1");
        await peer.RefuseAsync(await peer.ReadAsync(), "Invalid virtqueue number 5");
        await peer.ReturnAsync(await peer.ReadAsync(), "3");
        var replies = await executing.InTime();

        Assert.Equal([false, true, false], replies.Select(static reply => reply.IsError));
        Assert.Equal(new QmpError("GenericError", "Invalid virtqueue number 5"), replies[1].Error);
        Assert.Equal("b", Assert.Throws<QmpCommandException>(() => replies[1].Result).Command);
    }

    [Fact]
    public async Task ExecuteMany_None_IsAnsweredWithoutSending()
    {
        await using var monitor = new FakeMonitor();
        var (connection, _) = await monitor.ConnectAsync();

        Assert.Empty(await connection.ExecuteManyAsync([]));
    }

    [Fact]
    public async Task ExecuteMany_TimedOut_SaysHowFarItCame_AndSendsNoMore()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var executing = connection.ExecuteManyAsync([.. Enumerable.Repeat(new QmpCommand("q"), 20)], TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 3; i++)
            await peer.ReturnAsync(await peer.ReadAsync());
        var timeout = await Assert.ThrowsAsync<QmpTimeoutException>(() => executing.InTime());
        for (var i = 0; i < Limit; i++)
            await peer.ReturnAsync(await peer.ReadAsync());
        var next = connection.ExecuteAsync("query-status");
        var afterwards = await peer.ReadAsync();
        await peer.ReturnAsync(afterwards);
        await next.InTime();

        Assert.Equal((3, 20, true), (timeout.Answered, timeout.Total, timeout.WasSent));
        Assert.Contains("3 of 20 commands (first: q) were answered within 200 ms; 7 sent ones may still", timeout.Message, StringComparison.Ordinal);
        Assert.Equal("query-status", afterwards.Name);
    }

    /// <summary>Any mix of calls, any order of answers: never more than 7 in-band and 4 out-of-band unanswered, every caller gets its own reply.</summary>
    [Fact]
    public async Task AnyMixOfCalls_StaysInBounds_AndEveryCallerGetsItsReply() =>
        await Gen.Select(Gen.Int[1, 25].Array[1, 8], Gen.Int[0, 20], Gen.Int[0, 1000].Array[400])
            .SampleAsync(
                static async (batches, outOfBand, choices) =>
                {
                    await using var monitor = new FakeMonitor();
                    var (connection, peer) = await monitor.ConnectAsync();
                    var total = batches.Sum() + outOfBand;
                    var number = 0;
                    var many = batches.Select(size =>
                    {
                        var first = number;
                        number += size;
                        return (First: first, Task: connection.ExecuteManyAsync(
                            [.. Enumerable.Range(first, size).Select(static i => new QmpCommand("q", new { I = i }))]));
                    }).ToList();
                    var single = Enumerable.Range(number, outOfBand)
                        .Select(i => (First: i, Task: connection.ExecuteOutOfBandAsync("oob", new { I = i }))).ToList();

                    await AnswerAllAsync(peer, total, choices);

                    foreach (var (first, task) in many)
                        Assert.All(await task.InTime(), (reply, i) => Assert.Equal(first + i, reply.Result.GetInt32()));
                    foreach (var (first, task) in single)
                        Assert.Equal(first, (await task.InTime()).GetInt32());
                },
                iter: 150, threads: 2);

    static async Task AnswerAllAsync(FakePeer peer, int total, int[] choices)
    {
        var unanswered = new List<FakeCommand>();
        var received = 0;
        var lastInBand = -1;
        for (var step = 0; received < total || unanswered.Count > 0; step++)
        {
            var choice = choices[step % choices.Length];
            // Reading is only safe when something must come: less is unanswered than there are places.
            var canRead = received < total && unanswered.Count == 0;
            if (canRead || (received < total && peer.HasBytes && choice % 3 != 0))
            {
                var command = await peer.ReadAsync();
                received++;
                unanswered.Add(command);
                if (!command.IsOutOfBand)
                {
                    Assert.True(Number(command) > lastInBand, "In-band commands came out of order.");
                    lastInBand = Number(command);
                }
                Assert.InRange(unanswered.Count(static one => !one.IsOutOfBand), 0, Limit);
                Assert.InRange(unanswered.Count(static one => one.IsOutOfBand), 0, 4);
                continue;
            }
            var answered = unanswered[choice % unanswered.Count];
            unanswered.Remove(answered);
            await AnswerAsync(peer, answered);
        }
    }

    static Task AnswerAsync(FakePeer peer, FakeCommand command) => peer.ReturnAsync(command, $"{Number(command)}");

    static int Number(FakeCommand command) => command.Body.GetProperty("arguments").GetProperty("i").GetInt32();
}
