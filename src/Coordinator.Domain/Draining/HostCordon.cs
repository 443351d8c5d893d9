using System.Globalization;

namespace Coordinator.Domain.Draining;

/// <summary>
/// An operator's wish that a host takes no guests: no migration to it is accepted and none that waits goes on to it, and no VM is started there. What is on its way already arrives; guests that are there
/// stay, and one that a rollback gives back to it runs on.
/// </summary>
/// <param name="Host">Which.</param>
/// <param name="By">Who wants it.</param>
/// <param name="Reason">Why, in the words of that person.</param>
/// <param name="Since">By the database's clock; shown only, no decision reads it.</param>
public sealed record HostCordon(HostName Host, string By, string Reason, DateTimeOffset Since)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"host {Host} is cordoned by {By} since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {Reason}");

    /// <summary>For who asked for a guest on it.</summary>
    public string Refusal => $"{this}; 'coordctl host uncordon {Host}' ends it";
}
