using Coordinator.Agent.Sessions;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class SerialInboxTests
{
    [Fact]
    public void Post_WhileNothingIsUnderWay_HandlesOnTheCallersThread()
    {
        int handledOn = 0;
        SerialInbox<int> inbox = new(_ =>
        {
            handledOn = Environment.CurrentManagedThreadId;
            return ValueTask.CompletedTask;
        });

        inbox.Post(1);

        Assert.Equal(Environment.CurrentManagedThreadId, handledOn);
    }

    [Fact]
    public void Post_FromWithinAHandler_IsHandledAfterIt()
    {
        List<string> order = [];
        SerialInbox<int>? inbox = null;
        inbox = new SerialInbox<int>(input =>
        {
            order.Add($"begin {input}");
            if (input == 1)
            {
                inbox!.Post(2);
            }

            order.Add($"end {input}");
            return ValueTask.CompletedTask;
        });

        inbox.Post(1);

        Assert.Equal(["begin 1", "end 1", "begin 2", "end 2"], order);
    }

    [Fact]
    public async Task Post_FromManyThreads_HandlesOneAtATimeAndLosesNone()
    {
        const int Threads = 8, Each = 2_000;
        int inside = 0, most = 0, handled = 0;
        TaskCompletionSource all = new();
        SerialInbox<int> inbox = new(async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            if (handled % 100 == 0)
            {
                await Task.Yield();
            }

            Interlocked.Decrement(ref inside);
            if (++handled == Threads * Each)
            {
                all.SetResult();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() => Enumerable.Range(0, Each).ToList().ForEach(inbox.Post))));
        await all.Task.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal((1, Threads * Each), (most, handled));
    }
}
