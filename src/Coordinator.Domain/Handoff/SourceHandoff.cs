using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Handoff;

/// <summary>What the source agent has on disk about one VM. Survives every crash of the agent; a lost store is a new agent.</summary>
public sealed record SourceRecords
{
    public static readonly SourceRecords Empty = new();

    /// <summary>Greatest attempt ever started here. Recorded before <c>migrate</c>; <c>migrate</c> is never issued twice for it.</summary>
    public AttemptNo Started { get; init; }

    /// <summary>The QEMU process that <see cref="Started"/> migrates.</summary>
    public LaunchId Launch { get; init; }

    /// <summary>The destination store that <see cref="Started"/> was authorised against.</summary>
    public StoreInstanceId DestinationStore { get; init; }

    /// <summary>Whether the guest ran when <see cref="Started"/> began: a guest that its user had paused stays paused on whichever side owns it.</summary>
    public bool GuestWasRunning { get; init; } = true;

    /// <summary>No attempt up to this one will ever be started here (a cancel that overtook its start).</summary>
    public AttemptNo Tombstone { get; init; }

    /// <summary>QEMU was seen <c>completed</c> for this attempt. Lets the loaded copy be released when this QEMU or host is dead.</summary>
    public AttemptNo Completed { get; init; }

    /// <summary>The register has answered <c>refused</c> for attempts up to this one.</summary>
    public AttemptNo Refused { get; init; }

    /// <summary>Somebody else continued this source after it had completed this attempt: its memory is newer than the copy's, which must never be released again.</summary>
    public AttemptNo ForeignRun { get; init; }

    /// <summary>A person's recorded word stands in for the register's <c>refused</c> of this attempt, because nobody can ask the register any more.</summary>
    public AttemptNo KeptByWord { get; init; }

    /// <summary>A person's recorded word ended this side of this attempt.</summary>
    public AttemptNo Overruled { get; init; }
}

/// <summary>Where the source's own attempt stands, derived from records and view; the coordinator decides on this.</summary>
public enum SourceStage
{
    /// <summary>Not observed since the agent started. Nothing destructive is derived from it.</summary>
    NotObserved,

    /// <summary>The guest is here as it was before (running, or paused by its user) and no migration of it can still complete.</summary>
    Home,

    /// <summary>Started; <c>migrate</c> is being issued, or memory is being copied.</summary>
    Copying,

    /// <summary><c>pre-switchover</c> or <c>device</c>: the guest stands still.</summary>
    Switching,

    /// <summary><c>completed</c>, <c>postmigrate</c>: the register at the destination decides.</summary>
    HandedOver,

    /// <summary>The register refused, or a person's recorded word stands in for it; the guest is being continued here.</summary>
    Resuming,

    /// <summary><c>failed</c> or <c>cancelled</c>, but stopped: refused at the destination first, then continued here.</summary>
    Stranded,

    /// <summary>Runs although completed and not refused: a third party's <c>cont</c>.</summary>
    ForeignRun,

    /// <summary>A person's recorded word ended this side; its process is being ended.</summary>
    Overruled,

    /// <summary>The QEMU process is proven dead.</summary>
    Gone,
}

/// <summary>
/// The source agent's part of the handoff of one VM. Records survive a crash; everything else is forgotten and observed again.
/// </summary>
public sealed record SourceHandoff
{
    public static readonly SourceHandoff Initial = new();

    public SourceRecords Records { get; init; } = SourceRecords.Empty;

    /// <summary>Null until observed, and again after anything that makes the last observation worthless.</summary>
    public QemuView? View { get; init; }

    /// <summary>Greatest attempt for which <c>migrate</c> was, or may have been, issued. Equal to Started after a restart: an attempt that QEMU does not show is over.</summary>
    public AttemptNo Issued { get; init; }

    /// <summary><c>migrate-continue</c> was sent in this life; from then on never <c>migrate_cancel</c> (its outcome is a race).</summary>
    public bool Continued { get; init; }

    public bool CancelWanted { get; init; }

    public bool DeadlinePassed { get; init; }

    /// <summary>The switchover was broken off by <c>yank</c> in this life; it is sent once, then QEMU is observed.</summary>
    public bool Yanked { get; init; }

    public RegisterAnswer Answer { get; init; } = RegisterAnswer.Undecided;

    public bool EndWanted { get; init; }

    public AttemptNo Attempt => Records.Started;

    public SourceStage Stage => StageOf(this);

    /// <summary>The state of a new agent life: records only.</summary>
    public SourceHandoff AfterRestart() => new() { Records = Records, Issued = Records.Started };

    /// <summary>The copy at the destination must not be released any more; the register is asked to refuse.</summary>
    public bool WantsRefusal => CancelWanted || DeadlinePassed || Answer == RegisterAnswer.GateClosed || Records.ForeignRun >= Attempt;

    /// <summary>The register's stored <c>refused</c>, or the recorded word that stands in for it.</summary>
    public bool MayKeepGuest => Records.Refused >= Attempt || Records.KeptByWord >= Attempt;

    public bool HasCompleted => View is { Alive: true, Status: MigrationStatus.Completed } || Records.Completed >= Attempt;

    private static SourceStage StageOf(SourceHandoff s)
    {
        if (s.View is not { } view)
        {
            return SourceStage.NotObserved;
        }

        if (!view.Alive)
        {
            return SourceStage.Gone;
        }

        if (s.Attempt == AttemptNo.None || view.Launch != s.Records.Launch)
        {
            return SourceStage.Home;
        }

        if (s.Records.Overruled >= s.Attempt)
        {
            return SourceStage.Overruled;
        }

        if (s.Issued < s.Attempt)
        {
            return SourceStage.Copying;
        }

        bool asBefore = view.GuestRuns == s.Records.GuestWasRunning || view.HasShutDown;
        return view.Status switch
        {
            MigrationStatus.Completed when s.MayKeepGuest => asBefore ? SourceStage.Home : SourceStage.Resuming,
            MigrationStatus.Completed => view.GuestRuns ? SourceStage.ForeignRun : SourceStage.HandedOver,
            MigrationStatus.None or MigrationStatus.Failed or MigrationStatus.Cancelled => asBefore ? SourceStage.Home : SourceStage.Stranded,
            MigrationStatus.PreSwitchover or MigrationStatus.Device => SourceStage.Switching,

            // Every other word, one that we do not know included, is something still going on: keep looking (a newer QEMU adds words, and `failing` is none of the ends).
            _ => SourceStage.Copying,
        };
    }
}
