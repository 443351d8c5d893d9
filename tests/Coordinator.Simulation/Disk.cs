using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Simulation;

/// <param name="IsIdentified">Which process it is stands on disk; before that it is looked for by its command line.</param>
public sealed record LaunchNote(bool IsGone, bool IsIdentified, bool Arrives, bool EndOrdered);

/// <param name="Stream">Where the destination listens: by the launch that does.</param>
public sealed record StartPlan(AttemptNo Attempt, AgentNode Destination, LaunchId Stream, int SwitchoverDeadlineMs);

/// <summary>What one agent has on disk about one VM.</summary>
public sealed record Disk
{
    public CommandFloor Floor { get; init; } = CommandFloor.Lowest;

    public SourceRecords Source { get; init; } = SourceRecords.Empty;

    public DestinationRecords Destination { get; init; } = DestinationRecords.Empty;

    public EquatableList<(LaunchId Launch, LaunchNote Note)> Launches { get; init; } = [];

    public LaunchId Resident { get; init; }

    public StartPlan? Plan { get; init; }

    /// <summary>The attempt whose final indices are stored.</summary>
    public AttemptNo Final { get; init; }

    /// <summary>Answered steps of the present epoch.</summary>
    public EquatableList<(long Epoch, long StepNo, CommandReply Answer)> Steps { get; init; } = [];

    public LaunchNote? LaunchOf(LaunchId launch)
    {
        foreach ((LaunchId known, LaunchNote note) in Launches)
        {
            if (known == launch)
            {
                return note;
            }
        }

        return null;
    }

    public bool IsGone(LaunchId launch) => LaunchOf(launch) is { IsGone: true };

    public bool ResidentLives => Resident != LaunchId.None && LaunchOf(Resident) is { IsGone: false };

    public Disk With(LaunchId launch, LaunchNote note) =>
        this with { Launches = Launches.Where(l => l.Launch != launch).Append((launch, note)).ToEquatableList() };

    /// <summary>What a new store instance may still believe of an old copy: processes and floors, but no decision (as the agent's own reader of its records does).</summary>
    public Disk AsRestored() => new() { Floor = Floor, Launches = Launches, Resident = Resident, Plan = Plan };
}
