using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Outcomes;

/// <summary>How a migration that was followed to its end is told to people and scripts. Pure.</summary>
internal static class MigrationOutcome
{
    public const string InDoubtPhase = "InDoubt";

    static readonly string[] s_verified = ["Verified", "Verified(lap-blind)"];

    /// <summary>InDoubt is not terminal, but waiting for it may take for ever: evidence or a person's word ends it.</summary>
    public static bool EndsWatch(Migration migration) => migration.Terminal || migration.Phase == InDoubtPhase;

    /// <summary>In doubt; or a copy of an unfinished one was continued by somebody else.</summary>
    public static bool NeedsAPerson(Migration migration) => migration.Phase == InDoubtPhase || (!migration.Terminal && ForeignRuns(migration).Any());

    public static IEnumerable<TimelineEntry> ForeignRuns(Migration migration) => migration.Timeline.Where(entry => entry.Event == "ForeignRunReported");

    public static int CodeOf(Migration migration) => migration.Phase switch
    {
        "Succeeded" => s_verified.Contains(migration.Verdict) ? ExitCode.Ok : ExitCode.InDoubt,
        InDoubtPhase => ExitCode.InDoubt,
        _ when migration.Terminal => ExitCode.Failed,
        _ => ExitCode.Ok,
    };

    /// <summary>For <c>cancel</c> the success is that the source keeps the guest.</summary>
    public static int CodeOfCancel(Migration migration) => migration.Phase switch
    {
        "Cancelled" => ExitCode.Ok,
        InDoubtPhase => ExitCode.InDoubt,
        _ when migration.Terminal => ExitCode.Failed,
        _ => ExitCode.Ok,
    };

    public static string SentenceOf(Migration migration)
    {
        var reason = migration.Reason.Length > 0 ? $": {migration.Reason}" : "";
        var vm = migration.Vm;
        return migration.Phase switch
        {
            "Succeeded" when s_verified.Contains(migration.Verdict) => $"{vm} runs on {migration.DestinationHost}, {migration.Verdict}",
            "Succeeded" => $"{vm} runs on {migration.DestinationHost}, but its verdict is {(migration.Verdict.Length > 0 ? migration.Verdict : "missing")}{reason}",
            "Cancelled" => $"the migration was cancelled; {vm} stays on {migration.SourceHost}{reason}",
            "Failed" when migration.Verdict == "Refused" => $"{vm} was refused at {migration.DestinationHost} and stays on {migration.SourceHost}{reason}",
            "Failed" => $"the migration failed; {vm} stays on {migration.SourceHost}{reason}",
            "Lost" => $"{vm} is lost{reason}",
            InDoubtPhase => $"it is in doubt where {vm} runs{reason}; it is decided when the missing host answers, or by a person",
            _ => $"{vm} is in phase {migration.Phase}{reason}",
        };
    }
}
