using Akka.Configuration;
using Coordinator.Actors.Operators;

namespace Coordinator.Actors.Alerts;

/// <summary>The section <c>coordinator.alerts</c> (alerts.conf).</summary>
/// <param name="Command">Gets each alert on its input; null for none.</param>
/// <param name="Address">Where alerts are posted; null for nowhere.</param>
/// <param name="TimeOut">For one try; the command is killed with what it started.</param>
internal sealed record AlertSettings(OperatorCommand? Command, OperatorAddress? Address, TimeSpan TimeOut)
{
    internal static readonly AlertSettings Silent = new(Command: null, Address: null, TimeSpan.FromSeconds(10));

    /// <exception cref="ConfigurationException">A program without a name, an address that is not http or https, or the time-out not between 100 ms and 10 min.</exception>
    internal static AlertSettings Of(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config section = config.GetConfig("coordinator.alerts");
        if (section is null)
        {
            return Silent;
        }

        TimeSpan timeOut = section.GetTimeSpan("time-out", Silent.TimeOut, allowInfinite: false);
        return timeOut >= TimeSpan.FromMilliseconds(100) && timeOut <= TimeSpan.FromMinutes(10)
            ? new AlertSettings(OperatorCommand.Read(section, "coordinator.alerts.command"), OperatorAddress.Read(section, "coordinator.alerts.url"), timeOut)
            : throw new ConfigurationException($"coordinator.alerts.time-out is {timeOut}; it must be between 100ms and 10m.");
    }

    internal IReadOnlyList<IAlertOutlet> Outlets() =>
        [.. Command is null ? Array.Empty<IAlertOutlet>() : [new CommandOutlet(Command)], .. Address is null ? Array.Empty<IAlertOutlet>() : [new HttpOutlet(Address)]];
}
