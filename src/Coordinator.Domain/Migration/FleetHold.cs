using System.Globalization;

namespace Coordinator.Domain.Migration;

/// <summary>
/// "Hold all migrations": an operator's wish for the whole fleet, not of one VM, and therefore no event of any VM. While it stands no migration is accepted, no attempt is opened and no
/// switchover authorised; what was authorised before goes on, since the agents may finish it alone and breaking it off would not be safer. Cancels, clean-up and words on doubts stay allowed.
/// </summary>
/// <param name="By">Who wants it.</param>
/// <param name="Reason">Why, in the words of that person.</param>
/// <param name="Since">By the database's clock; shown only, no decision reads it.</param>
public sealed record FleetHold(string By, string Reason, DateTimeOffset Since)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"all migrations are held by {By} since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {Reason}");

    /// <summary>For who asked for a migration.</summary>
    public string Refusal => $"{this}; 'coordctl hold off' ends it";
}
