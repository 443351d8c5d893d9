using System.Globalization;
using Coordinator.Domain;
using Coordinator.Domain.Draining;

namespace Coordinator.Actors.Draining;

/// <summary>How a drain ended.</summary>
public enum DrainOutcome
{
    /// <summary>No guest is there any more.</summary>
    Drained,

    /// <summary>What could be moved was; a person has to look after the rest.</summary>
    Incomplete,

    /// <summary>As many guests as its asker had named could not be moved.</summary>
    Stopped,

    /// <summary>An operator ended it; what it had asked for goes on.</summary>
    Cancelled,
}

/// <summary>A drain as it stands in the database.</summary>
/// <param name="Id">Part of the request ids of its migrations.</param>
/// <param name="Job">What is wished.</param>
/// <param name="By">Who wants it.</param>
/// <param name="Reason">Why.</param>
/// <param name="AskedAt">By the database's clock, as all times here.</param>
/// <param name="EndedAt">Null while it goes on.</param>
/// <param name="Outcome">Null while it goes on.</param>
/// <param name="Sentence">How it ended; empty while it goes on.</param>
public sealed record DrainRecord(Guid Id, DrainJob Job, string By, string Reason, DateTimeOffset AskedAt, DateTimeOffset? EndedAt, DrainOutcome? Outcome, string Sentence)
{
    public string Asked => string.Create(CultureInfo.InvariantCulture, $"host {Job.Host} is being drained by {By} since {AskedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {Reason}");
}

/// <summary>One migration that a drain asked for, or was about to ask for.</summary>
/// <param name="Vm">Whose.</param>
/// <param name="Number">1 for the first of this guest.</param>
/// <param name="Destination">Chosen before it was asked for.</param>
/// <param name="MigrationId">Null until it was accepted.</param>
/// <param name="EndedAt">Null while it goes on.</param>
/// <param name="Outcome">The migration's last phase, or <see cref="Refused"/>; empty while it goes on.</param>
/// <param name="Verdict">Of the migration.</param>
/// <param name="BlackoutMicros">Null when the guest was not stopped.</param>
/// <param name="Reason">Of the migration's end.</param>
public sealed record DrainTry(
    VmName Vm, int Number, HostName Destination, string? MigrationId, DateTimeOffset? EndedAt, string Outcome, string Verdict, long? BlackoutMicros, string Reason)
{
    /// <summary>The migration was not accepted.</summary>
    public const string Refused = "Refused";

    internal const string Succeeded = "Succeeded";

    public bool IsOpen => EndedAt is null;

    public bool HasFailed => !IsOpen && Outcome != Succeeded;
}
