using Coordinator.Agent.Sessions;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using FileValue = Coordinator.Agent.State.RegisterValue;

namespace Coordinator.Simulation;

/// <param name="IsIdentified">Which process it is stands on disk; before that it is looked for by its command line.</param>
public sealed record LaunchNote(bool IsGone, bool IsIdentified);

/// <param name="Stream">Where the destination listens: by the launch that does.</param>
public sealed record StartPlan(AttemptNo Attempt, AgentNode Destination, LaunchId Stream, int SwitchoverDeadlineMs);

/// <param name="Value">What the file of that attempt is to say.</param>
/// <param name="Withdraws">From <c>run</c>; else from what is not decided.</param>
public sealed record RegisterChange(AttemptNo Attempt, FileValue Value, bool Withdraws);

/// <summary>What one agent has on disk about one VM.</summary>
public sealed record Disk
{
    public CommandFloor Floor { get; init; } = CommandFloor.Lowest;

    public SourceRecords Source { get; init; } = SourceRecords.Empty;

    /// <summary>The store's copy. It is written after the register's file, and of <c>run</c> only when nothing waits for it.</summary>
    public DestinationRecords Copied { get; init; } = DestinationRecords.Empty;

    /// <summary>The register's files of the newest attempts: each is written before the store, and is the decision.</summary>
    public EquatableList<(AttemptNo Attempt, FileValue Value)> Registers { get; init; } = [];

    /// <summary>The attempt whose guest is released paused: written before its register says <c>run</c>.</summary>
    public AttemptNo PausedRelease { get; init; }

    /// <summary>What an agent that starts now would know.</summary>
    public DestinationRecords Destination =>
        Copied.Attempt == AttemptNo.None ? Copied : VmRecords.WithRegister(Copied, RegisterOf(Copied.Attempt), guestWasRunning: PausedRelease != Copied.Attempt);

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

    public FileValue RegisterOf(AttemptNo attempt)
    {
        foreach ((AttemptNo known, FileValue value) in Registers)
        {
            if (known == attempt)
            {
                return value;
            }
        }

        return FileValue.Unknown;
    }

    /// <summary>As the register's file does it: nothing goes back to empty, what is decided stays, and only <c>run</c> is withdrawn. The oldest are of no use to anybody.</summary>
    public Disk With(RegisterChange change)
    {
        bool isTaken = (RegisterOf(change.Attempt), change.Value) is (FileValue.Unknown, FileValue.Empty) or (FileValue.Empty, FileValue.Run or FileValue.Refused)
            || (change.Withdraws && RegisterOf(change.Attempt) == FileValue.Run);
        return isTaken ? this with { Registers = Registers.Where(r => r.Attempt != change.Attempt).Append((change.Attempt, change.Value)).TakeLast(4).ToEquatableList() } : this;
    }

    public bool IsGone(LaunchId launch) => LaunchOf(launch) is { IsGone: true };

    public bool ResidentLives => Resident != LaunchId.None && LaunchOf(Resident) is { IsGone: false };

    public Disk With(LaunchId launch, LaunchNote note) =>
        this with { Launches = Launches.Where(l => l.Launch != launch).Append((launch, note)).ToEquatableList() };

    /// <summary>What a new store instance may still believe of an old copy: processes and floors, but no decision (as the agent's own reader of its records does).</summary>
    public Disk AsRestored() => new() { Floor = Floor, Launches = Launches, Resident = Resident, Plan = Plan };
}
