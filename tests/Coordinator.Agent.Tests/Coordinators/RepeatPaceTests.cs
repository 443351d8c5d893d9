using Coordinator.Agent.Coordinators;
using Xunit;

namespace Coordinator.Agent.Tests.Coordinators;

public sealed class RepeatPaceTests
{
    [Fact]
    public void Report_IsRepeatedSoonAfterAChange_ThenMoreAndMoreRarely_AndNeverLaterThanACoordinatorAsks()
    {
        RepeatPace pace = RepeatPace.AfterChange(nowMs: 100);
        List<long> pauses = [pace.DueMs - 100];
        for (int i = 0; i < 5; i++)
        {
            Assert.False(pace.IsDue(pace.DueMs - 1));
            Assert.True(pace.IsDue(pace.DueMs));
            long at = pace.DueMs;
            pace = pace.AfterRepetition(at);
            pauses.Add(pace.DueMs - at);
        }

        Assert.Equal([1_000, 2_000, 4_000, 8_000, 8_000, 8_000], pauses);
        Assert.Equal(1_000, RepeatPace.AfterChange(pace.DueMs).PauseMs);
    }
}
