using Coordinator.Agent.Sessions;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class EffectLedgerTests
{
    private readonly EffectLedger<string> _ledger = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(5_000), TimeSpan.FromMilliseconds(350));
    private readonly List<string> _performed = [];

    [Fact]
    public void Perform_OfAnEffectThatIsStillAskedFor_RepeatsItWithGrowingPauses()
    {
        for (long now = 0; now <= 1_000; now += 10)
        {
            Perform(["a"], now);
        }

        // At 0, then after 100, 200, 350 and 350 ms.
        Assert.Equal(["a@0", "a@100", "a@300", "a@650", "a@1000"], _performed);
    }

    /// <summary>A peer that is away for good is not asked three times a second for ever.</summary>
    [Fact]
    public void Perform_OfAnEffectThatIsStillAskedForAfterALongTime_RepeatsItSeldom()
    {
        for (long now = 0; now <= 60_000; now += 10)
        {
            Perform(["a"], now);
        }

        Assert.Equal(["a@50600", "a@55600"], _performed.TakeLast(2));
    }

    [Fact]
    public void Perform_OfAnEffectThatIsAskedForAgainAfterAPause_StartsItAtOnce()
    {
        Perform(["a"], 0);
        Perform([], 10);
        Perform(["a"], 20);

        Assert.Equal(["a@0", "a@20"], _performed);
    }

    [Fact]
    public void Perform_WhileItIsUnderWay_DoesNotStartItTwice()
    {
        TaskCompletionSource underWay = new();
        _ledger.Perform(["a"], 0, (_, _) => underWay.Task, ended => ended());
        _ledger.Perform(["a"], 10_000, (_, _) => throw new InvalidOperationException("started twice"), ended => ended());
        Assert.Null(_ledger.NextDueMs);

        underWay.SetResult();

        Assert.Equal(100, _ledger.NextDueMs);
    }

    [Fact]
    public void Perform_WithAnEndThatStillWaitsInTheInbox_DoesNotStartItTwice()
    {
        Queue<Action> inbox = [];
        TaskCompletionSource underWay = new();
        _ledger.Perform(["a"], 0, (_, _) => underWay.Task, inbox.Enqueue);
        underWay.SetResult();

        // Another input is handled first, long after the repetition would be due.
        _ledger.Perform(["a"], 10_000, (_, _) => throw new InvalidOperationException("started twice"), inbox.Enqueue);

        Assert.Single(inbox);
    }

    private void Perform(IReadOnlyList<string> wanted, long now) => _ledger.Perform(
        wanted, now,
        (effect, _) =>
        {
            _performed.Add($"{effect}@{now}");
            return Task.CompletedTask;
        },
        ended => ended());
}
