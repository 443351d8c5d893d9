using Coordinator.ReadModel;

namespace Coordinator.Actors.Tests.Reading;

public sealed class GapWatchTests
{
    private readonly GapWatch gaps = new(patience: TimeSpan.FromSeconds(1), remember: TimeSpan.FromSeconds(60));

    [Fact]
    public void NumbersWithoutGaps_AreReadyUpToTheLimit() => Assert.Equal([5, 6, 7], Ready(after: 4, seconds: 0, limit: 3, 5, 6, 7, 8));

    [Fact]
    public void Gap_IsWaitedForAndThenLeft()
    {
        Assert.Equal([5], Ready(4, 0, 10, 5, 7, 8));
        Assert.Empty(Ready(5, 0.9, 10, 7, 8));
        Assert.Equal([7, 8], Ready(5, 1, 10, 7, 8));
        Assert.Equal([6], gaps.Left);
        Assert.Equal(1, gaps.Waits);
    }

    [Fact]
    public void Gap_ThatIsFilledInTime_IsNoGap()
    {
        Ready(4, 0, 10, 7);
        Assert.Equal([5, 6, 7], Ready(4, 0.5, 10, 5, 6, 7));
        Assert.Empty(gaps.Left);
    }

    /// <summary>A burst of refused writes costs one patience, not one each.</summary>
    [Fact]
    public void ManyGaps_AreWaitedForAtTheSameTime()
    {
        Assert.Empty(Ready(4, 0, 10, 6, 8, 10));
        Assert.Equal([6, 8, 10], Ready(4, 1, 10, 6, 8, 10));
        Assert.Equal([5, 7, 9], gaps.Left.Order());
    }

    [Fact]
    public void GapBehindTheLimit_IsWaitedForOnceAndNotAgain()
    {
        Assert.Equal([5], Ready(4, 0, 1, 5, 7));
        Assert.Equal([7], Ready(5, 1, 1, 7));
    }

    [Fact]
    public void LeftNumber_IsForgottenWhenItCameOrAfterAWhile()
    {
        Ready(4, 0, 10, 7);
        Ready(4, 1, 10, 7);
        Assert.Equal([5, 6], gaps.Left.Order());
        gaps.Came([new JournalPlace(5, "vm-a", 1)]);
        Assert.Equal([6], gaps.Left);
        gaps.Forget(TimeSpan.FromSeconds(62));
        Assert.Empty(gaps.Left);
    }

    private long[] Ready(long after, double seconds, int limit, params long[] orderings) =>
        [.. gaps.Ready(after, [.. orderings.Select(ordering => new JournalPlace(ordering, "vm-a", ordering))], limit, TimeSpan.FromSeconds(seconds)).Select(place => place.Ordering)];
}
