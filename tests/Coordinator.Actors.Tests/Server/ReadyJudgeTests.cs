using Akka.Configuration;
using Coordinator.Actors.Tests.Fleet;
using Coordinator.Contracts;
using Coordinator.Server.Http;

namespace Coordinator.Actors.Tests.Server;

public sealed class ReadyJudgeTests
{
    private static readonly HashSet<string> s_mayBeGivenUp = ["region"];

    private readonly StandingClock _clock = new();
    private readonly ReadyJudge _judge;

    public ReadyJudgeTests() => _judge = new ReadyJudge(s_mayBeGivenUp, TimeSpan.FromMinutes(5), _clock);

    [Fact]
    public void AllGood_IsReady() => Assert.Equal((true, ""), Judge(region: true, journal: true));

    [Fact]
    public void RedForTooLong_IsGivenUpWhereThatIsAllowed()
    {
        Assert.Equal((false, "region"), Judge(region: false, journal: true));
        _clock.Now += TimeSpan.FromMinutes(4.9);
        Assert.Equal((false, "region"), Judge(region: false, journal: true));
        _clock.Now += TimeSpan.FromMinutes(0.2);
        Assert.Equal((true, "given up: region"), Judge(region: false, journal: true));
        Assert.Equal((false, "given up: region journal"), Judge(region: false, journal: false));
    }

    [Fact]
    public void GoodInBetween_BeginsAnew()
    {
        Judge(region: false, journal: true);
        _clock.Now += TimeSpan.FromMinutes(4);
        Judge(region: true, journal: true);
        _clock.Now += TimeSpan.FromMinutes(4);
        Assert.Equal((false, "region"), Judge(region: false, journal: true));
    }

    [Fact]
    public void Journal_IsNeverGivenUp()
    {
        Judge(region: true, journal: false);
        _clock.Now += TimeSpan.FromDays(2);
        Assert.Equal((false, "journal"), Judge(region: true, journal: false));
    }

    [Theory]
    [InlineData("", 300)]
    [InlineData("coordinator.readiness.gives-up-after = 90s", 90)]
    public void Setting_IsRead(string hocon, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), ReadyJudge.GivesUpAfter(ConfigurationFactory.ParseString(hocon)));

    [Fact]
    public void SettingOff_IsNever() => Assert.Equal(TimeSpan.MaxValue, ReadyJudge.GivesUpAfter(ConfigurationFactory.ParseString("coordinator.readiness.gives-up-after = off")));

    private (bool, string) Judge(bool region, bool journal)
    {
        ReadyWord word = _judge.Judge([new NodeCheck("region", region, "", 0), new NodeCheck("journal", journal, "", 0)]);
        return (word.IsReady, string.Join(' ', (word.GivenUp.Count > 0 ? ["given up:", .. word.GivenUp] : word.GivenUp).Concat(word.Missing)));
    }
}
