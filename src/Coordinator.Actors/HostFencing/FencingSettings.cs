using Akka.Configuration;

namespace Coordinator.Actors.HostFencing;

/// <summary>The hook of <c>coordinator.fencing</c> (hocon/fencing.conf).</summary>
public static class FencingSettings
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    /// <exception cref="ConfigurationException">Both a command and a URL, a URL that is none, or a time-out outside of 1 s to 10 min.</exception>
    public static IFencingHook Read(Config config)
    {
        Config? fencing = config.GetConfig("coordinator.fencing");
        if (fencing is null || fencing.IsEmpty)
        {
            return NoFencingHook.Instance;
        }

        IList<string> command = fencing.GetStringList("command", []);
        string url = fencing.GetString("url", "");
        TimeSpan timeOut = fencing.GetTimeSpan("time-out");
        bool isAutomatic = fencing.GetBoolean("automatic");
        if (timeOut < TimeSpan.FromSeconds(1) || timeOut > s_longest)
        {
            throw new ConfigurationException($"coordinator.fencing.time-out {timeOut} is not between 1 s and 10 min");
        }

        return (command.Count > 0, url.Length > 0) switch
        {
            (true, true) => throw new ConfigurationException("coordinator.fencing has both a command and a url; one hook proves a host off"),
            (true, false) => new CommandFencingHook([.. command], timeOut, isAutomatic),
            (false, true) => Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https"
                ? new HttpFencingHook(parsed!, timeOut, isAutomatic)
                : throw new ConfigurationException($"coordinator.fencing.url '{url}' is not an http or https address"),
            (false, false) when isAutomatic => throw new ConfigurationException("coordinator.fencing.automatic is on, but there is neither a command nor a url"),
            _ => NoFencingHook.Instance,
        };
    }
}
