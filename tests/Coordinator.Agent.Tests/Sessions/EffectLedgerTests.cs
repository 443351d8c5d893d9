using Coordinator.Agent.Sessions;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class EffectLedgerTests
{
    private readonly EffectLedger<string> _ledger = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(350));
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

    [Fact]
    public void Perform_OfAnEffectThatIsAskedForAgainAfterAPause_StartsItAtOnce()
    {
        Perform(["a"], 0);
        Perform([], 10);
        Perform(["a"], 20);

        Assert.Equal(["a@0", "a@20"], _performed);
    }

    [Fact]
    public void Perform_WhileItIsUnderWay_DoesNotStartItTwiceAndTellsItsEnd()
    {
        TaskCompletionSource underWay = new();
        int ended = 0;
        _ledger.Perform(["a"], 0, (_, _) => underWay.Task, () => ended++);
        _ledger.Perform(["a"], 10_000, (_, _) => throw new InvalidOperationException("started twice"), () => ended++);
        Assert.Null(_ledger.NextDueMs);

        underWay.SetResult();

        Assert.Equal(1, ended);
        Assert.Equal(100, _ledger.NextDueMs);
    }

    private void Perform(IReadOnlyList<string> wanted, long now) => _ledger.Perform(
        wanted, now,
        (effect, _) =>
        {
            _performed.Add($"{effect}@{now}");
            return Task.CompletedTask;
        },
        () => { });
}
