using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Journal;

namespace Coordinator.Actors.Migrations;

/// <summary>One journalled event with its place in the VM's stream.</summary>
internal sealed record TimelineRecord(VmRecord Record, long Sequence);

/// <summary>One migration as the journal tells it, for people: what <see cref="MigrationState"/> forgets because no decision needs it.</summary>
internal sealed class MigrationStory(MigrationState state)
{
    /// <summary>15 to 30 events stand for one migration; a migration of many attempts keeps its beginning and its newest part.</summary>
    internal const int MaxEvents = 400;

    private const int KeptBeginning = 50;

    private readonly List<TimelineRecord> _timeline = [];
    private readonly List<CopyProgress> _passes = [];

    public MigrationState State { get; private set; } = state;

    public IReadOnlyList<TimelineRecord> Timeline => _timeline;

    public DateTimeOffset? RequestedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>When the present phase was entered, by the journal.</summary>
    public DateTimeOffset? PhaseSince { get; private set; }

    public Rehearsal? Rehearsal { get; private set; }

    public Blackout? Blackout { get; private set; }

    public VmEvent.QueuesJudged? Judged { get; private set; }

    public CopyProgress? Progress { get; private set; }

    /// <summary>Of the present attempt, as journalled: the entity journals a bounded number of them.</summary>
    public IReadOnlyList<CopyProgress> Passes => _passes;

    /// <summary>Passes of the present attempt that are journalled.</summary>
    public int PassesNoted => _passes.Count;

    /// <summary>False: only how it ended is left, for whoever repeats a request of it; the rest stands in the journal.</summary>
    public bool IsWhole { get; private set; } = true;

    public void Shorten()
    {
        IsWhole = false;
        Judged = null;
        _passes.Clear();
        _timeline.Clear();
        _passes.TrimExcess();
        _timeline.TrimExcess();
    }

    public void Add(TimelineRecord entry, MigrationState state)
    {
        if (PhaseSince is null || state.Phase != State.Phase)
        {
            PhaseSince = entry.Record.At;
        }

        State = state;
        if (_timeline.Count >= MaxEvents)
        {
            _timeline.RemoveAt(KeptBeginning);
        }

        _timeline.Add(entry);
        switch (entry.Record.Event)
        {
            case VmEvent.MigrationRequested:
                RequestedAt = entry.Record.At;
                break;
            case VmEvent.AttemptOpened:
                Rehearsal = null;
                Judged = null;
                Progress = null;
                _passes.Clear();
                break;
            case VmEvent.RehearsalCompleted rehearsed:
                Rehearsal = rehearsed.Measured;
                break;
            case VmEvent.IterationCompleted iteration:
                Progress = iteration.Progress;
                _passes.Add(iteration.Progress);
                break;
            case VmEvent.BlackoutMeasured measured:
                Blackout = measured.Blackout;
                break;
            case VmEvent.QueuesJudged judged:
                Judged = judged;
                break;
            case VmEvent.MigrationEnded or VmEvent.GuestLost:
                EndedAt = entry.Record.At;
                break;
            default:
                break;
        }
    }
}

/// <summary>
/// The VM's state with the stories of its last migrations, folded from the journal: by the entity as it lives, and by whoever reads the journal without it.
/// </summary>
internal sealed class VmHistory
{
    /// <summary>Whole stories kept in memory per VM; older ones stay in the journal.</summary>
    private const int MaxStories = 8;

    /// <summary>Whole and shortened ones: as far back as requests are remembered, so that one that is repeated is told what became of it.</summary>
    private const int MaxRemembered = VmState.MaxRequests;

    private readonly List<MigrationStory> _stories = [];

    public VmEntity Entity { get; set; } = new(VmState.Initial);

    public VmState State => Entity.State;

    public long Sequence { get; private set; }

    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<MigrationStory> Stories => _stories;

    public MigrationStory? Newest => _stories.Count == 0 ? null : _stories[^1];

    /// <summary>Why the VM is absent, in the words of the event that made it so.</summary>
    public string GoneReason { get; private set; } = "";

    /// <exception cref="InvalidOperationException">The event cannot have happened.</exception>
    public void Apply(VmRecord record, long sequence)
    {
        Entity = VmTransitions.Apply(Entity, record.Event);
        Sequence = sequence;
        ChangedAt = record.At;
        if (record.Event is VmEvent.VmGone gone)
        {
            GoneReason = gone.Reason;
        }
        else if (record.Event is VmEvent.VmResident or VmEvent.VmStartOrdered)
        {
            GoneReason = "";
        }

        if (State.Migration is not { } migration)
        {
            return;
        }

        if (record.Event is VmEvent.MigrationRequested)
        {
            if (_stories.Count >= MaxRemembered)
            {
                _stories.RemoveAt(0);
            }

            if (_stories.Count >= MaxStories)
            {
                _stories[^MaxStories].Shorten();
            }

            _stories.Add(new MigrationStory(migration));
        }

        // After the end only what still belongs to it: a debt that is settled late.
        if (_stories.Count > 0 && (Newest!.EndedAt is null || record.Event is VmEvent.DebtSettled))
        {
            Newest.Add(new TimelineRecord(record, sequence), migration);
        }
    }
}
