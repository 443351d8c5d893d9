using Akka.Configuration;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Reading;

/// <summary>Figures of read-model.conf.</summary>
internal sealed record ReadModelSettings(ProjectionSettings Projection, TimeSpan ListWait, SweeperSettings Sweeper)
{
    /// <exception cref="ConfigurationException">A figure is out of range. The text names it.</exception>
    public static ReadModelSettings Of(Config config)
    {
        var refresh = Time(config, "coordinator.read-model.refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        return new ReadModelSettings(
            new ProjectionSettings(
                refresh,
                refresh * Number(config, "coordinator.read-model.gap-tries", 1, 1_000),
                Number(config, "coordinator.read-model.batch-size", 1, 10_000),
                Number(config, "coordinator.read-model.histories", 1, 1_000_000)),
            Time(config, "coordinator.read-model.list-wait", TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            new SweeperSettings(
                Time(config, "coordinator.sweeper.interval", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
                Number(config, "coordinator.sweeper.nudges-per-sec", 1, 1_000_000),
                Time(config, "coordinator.sweeper.calm-after", TimeSpan.Zero, TimeSpan.FromHours(1))));
    }

    private static int Number(Config config, string path, int least, int greatest) => config.GetInt(path) is var number && number >= least && number <= greatest
        ? number
        : throw new ConfigurationException($"{path} is {config.GetInt(path)}; it must be between {least} and {greatest}.");

    private static TimeSpan Time(Config config, string path, TimeSpan least, TimeSpan greatest) => config.GetTimeSpan(path) is var time && time >= least && time <= greatest
        ? time
        : throw new ConfigurationException($"{path} is {config.GetTimeSpan(path)}; it must be between {least} and {greatest}.");
}

/// <param name="Interval">Between the end of a round and the next.</param>
/// <param name="NudgesPerSec">At most.</param>
/// <param name="CalmAfter">While nodes come and go, entities start for good reasons: what is found young then is not counted as forgotten.</param>
internal sealed record SweeperSettings(TimeSpan Interval, int NudgesPerSec, TimeSpan CalmAfter);
