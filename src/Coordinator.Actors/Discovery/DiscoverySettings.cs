using Akka.Configuration;

namespace Coordinator.Actors.Discovery;

/// <summary>Times of discovery.conf.</summary>
internal sealed record DiscoverySettings(TimeSpan RefreshInterval, TimeSpan SilentAfter, TimeSpan AskUnknownFor)
{
    /// <exception cref="ConfigurationException">A time contradicts another one. The text names both.</exception>
    public static DiscoverySettings Of(Config config)
    {
        var settings = new DiscoverySettings(
            config.GetTimeSpan("coordinator.discovery.refresh-interval"),
            config.GetTimeSpan("coordinator.discovery.silent-after"),
            config.GetTimeSpan("coordinator.discovery.ask-unknown-for"));
        var putOutAfter = config.GetTimeSpan("akka.cluster.failure-detector.acceptable-heartbeat-pause") + config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after");
        if (settings.SilentAfter <= putOutAfter || settings.SilentAfter < 3 * settings.RefreshInterval)
        {
            throw new ConfigurationException($"coordinator.discovery.silent-after ({settings.SilentAfter}) must be above acceptable-heartbeat-pause + stable-after ({putOutAfter}) and three times "
                + $"coordinator.discovery.refresh-interval ({settings.RefreshInterval}): another cluster could be founded beside a member that only paused.");
        }

        return settings;
    }
}
