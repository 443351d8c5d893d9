namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// All that is known of one queue during one migration, as a fold of its observations. Pure; the actor of the queue is a shell around it. Provisional readings feed
/// progress and dashboards only; the judgement uses the two final records alone.
/// </summary>
public sealed record VirtqueueTrack
{
    private VirtqueueTrack(VirtqueueId id) => Id = id;

    public VirtqueueId Id { get; }

    /// <summary>Generation of the ring, counted here from 1 on: each reset adds one. The observers' own counts only show that something changed between two readings.</summary>
    public int Generation { get; private init; } = 1;

    public VirtqueueObservation? LatestProvisional { get; private init; }

    /// <summary>The newest record of the stopped source: read again in <c>postmigrate</c> it replaces the one of <c>pre-switchover</c>.</summary>
    public VirtqueueObservation? SourceFinal { get; private init; }

    public int SourceFinalGeneration { get; private init; }

    /// <summary>The first record of the loaded destination; later ones never replace it.</summary>
    public VirtqueueObservation? DestinationFirst { get; private init; }

    public int DestinationFirstGeneration { get; private init; }

    /// <summary>The newest reading of the destination since its guest runs.</summary>
    public VirtqueueObservation? LatestDestination { get; private init; }

    /// <summary>How far the source went between its readings of this ring: a lower bound, since each step is known only modulo the ring's own count.</summary>
    public SourceProgress SourceProgress { get; private init; }

    public static VirtqueueTrack For(VirtqueueId id) => new(id);

    /// <summary>Total for observations of this queue. Late and repeated ones change nothing that was decided on.</summary>
    /// <exception cref="ArgumentException">The observation is of another queue.</exception>
    public VirtqueueTrack Apply(VirtqueueObservation observation)
    {
        ArgumentNullException.ThrowIfNull(observation);
        if (observation.Id != Id)
        {
            throw new ArgumentException($"{observation.Id} was applied to the track of {Id}", nameof(observation));
        }

        return (observation.Side, observation.Kind) switch
        {
            (RingSide.Source, ObservationKind.Provisional) => ApplySourceReading(observation),
            (RingSide.Source, ObservationKind.Final) => ApplySourceFinal(observation),
            (RingSide.Destination, ObservationKind.Final) => ApplyDestinationFirst(observation),
            (RingSide.Destination, ObservationKind.Provisional) => ApplyDestinationReading(observation),
            _ => this,
        };
    }

    /// <summary>A RESET event, or any other word that the guest's device was reset: whatever is read from here on belongs to another ring.</summary>
    public VirtqueueTrack ApplyReset(RingSide side)
    {
        VirtqueueTrack next = this with { Generation = Generation + 1 };
        return side == RingSide.Source ? next with { LatestProvisional = null, SourceProgress = default } : next;
    }

    /// <summary>A new attempt brings new records; what was seen of the source's progress stays.</summary>
    public VirtqueueTrack StartAttempt() => this with
    {
        SourceFinal = null,
        SourceFinalGeneration = 0,
        DestinationFirst = null,
        DestinationFirstGeneration = 0,
        LatestDestination = null,
    };

    public QueueReadiness Readiness(QueueConfiguration? source, QueueConfiguration? destination) => ReadinessRule.Judge(Id, source, destination);

    /// <summary>Parity of the two final records; <see cref="ParityOutcome.Unchecked"/> as long as one is missing.</summary>
    public VirtqueueJudgement Judge()
    {
        if (SourceFinal is null)
        {
            return RingComparison.Missing(Id, null, DestinationFirst, "there is no final record of the source");
        }

        return DestinationFirst is null
            ? RingComparison.Missing(Id, SourceFinal, null, "there is no record of the loaded destination")
            : RingComparison.Compare(
                SourceFinal with { Generation = SourceFinalGeneration },
                DestinationFirst with { Generation = DestinationFirstGeneration });
    }

    /// <summary>Progress since the resume, so far. The one who asks knows when to stop waiting.</summary>
    public QueueActivity Activity() =>
        ActivityRule.Judge(Id, DestinationFirst, LatestDestination, SourceProgress.WasBusy, wasReset: DestinationFirstGeneration != Generation);

    /// <summary>What the source's stop did to last_avail_idx; null as long as one of the two readings is missing.</summary>
    public RewindFinding? StopTransition(bool backendRewinds) =>
        LatestProvisional is { } running && SourceFinal is { } stopped ? RewindRule.Judge(running, stopped, backendRewinds) : null;

    private VirtqueueTrack ApplySourceReading(VirtqueueObservation observation)
    {
        if (LatestProvisional is not { } previous)
        {
            return this with { LatestProvisional = observation };
        }

        return RingGeneration.StartsNew(previous, observation)
            ? ApplyReset(RingSide.Source) with { LatestProvisional = observation }
            : this with { LatestProvisional = observation, SourceProgress = SourceProgress.Add(RingStep.Between(previous, observation)) };
    }

    private VirtqueueTrack ApplySourceFinal(VirtqueueObservation observation)
    {
        VirtqueueTrack track = (SourceFinal ?? LatestProvisional) is { } previous && RingGeneration.StartsNew(previous, observation) ? ApplyReset(RingSide.Source) : this;
        return track with { SourceFinal = observation, SourceFinalGeneration = track.Generation };
    }

    private VirtqueueTrack ApplyDestinationFirst(VirtqueueObservation observation) =>
        DestinationFirst is null ? this with { DestinationFirst = observation, DestinationFirstGeneration = Generation } : this;

    private VirtqueueTrack ApplyDestinationReading(VirtqueueObservation observation)
    {
        VirtqueueTrack track = (LatestDestination ?? DestinationFirst) is { } previous && RingGeneration.StartsNew(previous, observation)
            ? ApplyReset(RingSide.Destination)
            : this;
        return track with { LatestDestination = observation };
    }
}

/// <summary>How far a queue went between the readings of the running source.</summary>
/// <param name="TakenAtLeast">Entries taken: each step is known only modulo the ring's own count, so this is a lower bound.</param>
/// <param name="Steps">Pairs of readings with a common measure.</param>
/// <param name="StepsMoved">Those of them in which the queue moved.</param>
public readonly record struct SourceProgress(long TakenAtLeast, int Steps, int StepsMoved)
{
    /// <summary>Busy enough that standing still after the resume is suspicious: at least two steps, and the queue moved in each of them.</summary>
    public bool WasBusy => Steps >= 2 && StepsMoved == Steps;

    public SourceProgress Add(RingStep? step) =>
        step is { } measured ? new SourceProgress(TakenAtLeast + measured.Taken, Steps + 1, StepsMoved + (measured.Moved ? 1 : 0)) : this;
}
