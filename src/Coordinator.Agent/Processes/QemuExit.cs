using System.Globalization;

namespace Coordinator.Agent.Processes;

/// <summary>How a process ended. Both null: it was not a child of this agent's life, and only its parent learns the reason.</summary>
public sealed record QemuExit(int? Code, int? Signal)
{
    public static readonly QemuExit ReasonUnknown = new(null, null);

    public override string ToString() => (Code, Signal) switch
    {
        (int code, _) => string.Create(CultureInfo.InvariantCulture, $"exited with code {code}"),
        (_, int signal) => string.Create(CultureInfo.InvariantCulture, $"was ended by signal {signal}"),
        _ => "ended",
    };
}
