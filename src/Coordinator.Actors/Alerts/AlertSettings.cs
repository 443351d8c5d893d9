using System.Collections.Immutable;
using Akka.Configuration;

namespace Coordinator.Actors.Alerts;

/// <summary>The section <c>coordinator.alerts</c> (alerts.conf).</summary>
/// <param name="Command">Program and arguments, started without a shell; empty for none.</param>
/// <param name="Url">Where alerts are posted; null for nowhere.</param>
/// <param name="TimeOut">For one try; the command is killed with what it started.</param>
public sealed record AlertSettings(ImmutableArray<string> Command, Uri? Url, TimeSpan TimeOut)
{
    public static readonly AlertSettings Silent = new([], Url: null, TimeSpan.FromSeconds(10));

    /// <exception cref="ConfigurationException">The address is not http or https, or the time-out not between 100 ms and 10 min.</exception>
    public static AlertSettings Of(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config section = config.GetConfig("coordinator.alerts");
        if (section is null)
        {
            return Silent;
        }

        string url = section.GetString("url", "");
        Uri? address = null;
        if (url.Length > 0 && (!Uri.TryCreate(url, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https")))
        {
            throw new ConfigurationException($"coordinator.alerts.url is '{url}'; it must be an address that begins with http:// or https://, or empty.");
        }

        TimeSpan timeOut = section.GetTimeSpan("time-out", Silent.TimeOut, allowInfinite: false);
        return timeOut >= TimeSpan.FromMilliseconds(100) && timeOut <= TimeSpan.FromMinutes(10)
            ? new AlertSettings([.. section.GetStringList("command", [])], address, timeOut)
            : throw new ConfigurationException($"coordinator.alerts.time-out is {timeOut}; it must be between 100ms and 10m.");
    }

    internal IReadOnlyList<IAlertOutlet> Outlets() =>
        [.. Command.IsEmpty ? Array.Empty<IAlertOutlet>() : [new CommandOutlet(Command)], .. Url is null ? Array.Empty<IAlertOutlet>() : [new HttpOutlet(Url)]];
}
