namespace Coordinator.Domain.QemuModel;

public static partial class Qemu
{
    /// <summary>What may happen now without a command. No step is ever empty: each leads to another state.</summary>
    public static IReadOnlyList<QemuStep> Steps(QemuPair pair)
    {
        List<QemuStep> steps = [];
        SourceSteps(pair, steps);
        DestinationSteps(pair, steps);
        NetworkSteps(pair, steps);
        foreach (Side side in (ReadOnlySpan<Side>)[Side.Source, Side.Destination])
        {
            QueuedSteps(pair, side, steps);
            if (pair[side].Alive)
            {
                steps.Add(new(QemuStepKind.ProcessDies, side, StepNature.Fault, ProcessDied(pair, side)));
            }
        }

        return steps;
    }

    private static void SourceSteps(QemuPair pair, List<QemuStep> steps)
    {
        QemuProcess source = pair.Source;
        if (!source.Alive)
        {
            return;
        }

        void Add(QemuStepKind kind, QemuPair next, StepNature nature = StepNature.Progress) => steps.Add(new(kind, Side.Source, nature, Tidy(next)));

        switch (source.Phase, source.Status)
        {
            case (SourcePhase.Idle, MigrationStatus.Setup):
                bool listening = Listens(pair.Destination);
                if (listening)
                {
                    Add(QemuStepKind.Connects, Connected(pair));
                }

                Add(QemuStepKind.ConnectionRefused, pair with { Source = source with { Status = MigrationStatus.Failed } },
                    listening ? StepNature.Fault : StepNature.Progress);
                break;

            case (SourcePhase.Idle, MigrationStatus.Active) when pair.Stream.SourceSeesEnd:
                // The guest was never stopped.
                Add(QemuStepKind.Fails, Failed(pair));
                break;

            case (SourcePhase.Idle, MigrationStatus.Active) when !pair.Stream.Stalled:
                Add(QemuStepKind.Converges, Converged(pair));
                break;

            // Nothing in pre-switchover: even a dead destination is not noticed before migrate-continue.
            case (SourcePhase.Continuing, _):
                Add(QemuStepKind.Continues, pair with { Source = source with { Status = MigrationStatus.Device, Phase = SourcePhase.Sending } });
                break;

            case (SourcePhase.Sending, _):
                if (pair.Stream.SourceSeesEnd)
                {
                    Add(QemuStepKind.Fails, Failed(pair));
                }
                else
                {
                    // Part or all of the tail may fit into the socket's buffer although the network stands still. Measured on 7.2, network
                    // frozen: blocked, yanked, failed and running again, and when the network came back the destination loaded.
                    StepNature nature = pair.Stream.Stalled ? StepNature.Fault : StepNature.Progress;
                    if (pair.Stream.Sent == SentPart.Everything)
                    {
                        Add(QemuStepKind.LockReleased, pair with { Source = source with { Phase = SourcePhase.Finishing } }, nature);
                    }
                    else
                    {
                        Add(QemuStepKind.DeviceStateSent, DeviceStateSent(pair), nature);
                    }
                }

                break;

            case (SourcePhase.Finishing, _):
                AddEnd(pair, Add);
                break;

            case (SourcePhase.Settling, _):
                Add(QemuStepKind.Settles, pair with { Source = Settled(pair) });
                if (pair.Traits.ImageReturn != ImageReturn.GuestRunsAllTheSame && source.Status != MigrationStatus.Completed
                    && source.Run == RunState.FinishMigrate && pair.Stream.Sent == SentPart.Everything)
                {
                    Add(QemuStepKind.StaysWithoutImages, pair with { Source = WithoutImages(pair) }, StepNature.Fault);
                }

                break;
        }
    }

    private delegate void AddStep(QemuStepKind kind, QemuPair next, StepNature nature = StepNature.Progress);

    /// <summary>With return-path the source waits for the destination's word; without it nothing can make it fail any more: it lies.</summary>
    private static void AddEnd(QemuPair pair, AddStep add)
    {
        MigrationStream stream = pair.Stream;
        bool completes = stream.Acknowledgement == Acknowledgement.NotAsked || (stream is { Acknowledgement: Acknowledgement.Loaded, Stalled: false });
        if (completes)
        {
            add(QemuStepKind.Completes, pair with
            {
                Source = pair.Source with { Status = MigrationStatus.Completed, Phase = SourcePhase.Settling },
                Stream = Closed(stream, Side.Source),
            });
        }

        bool refused = stream is { Acknowledgement: Acknowledgement.LoadFailed, Stalled: false };
        if (refused || (stream.SourceSeesEnd && stream.Acknowledgement is Acknowledgement.Awaited or Acknowledgement.Lost))
        {
            add(QemuStepKind.Fails, Failed(pair));
        }
    }

    private static void DestinationSteps(QemuPair pair, List<QemuStep> steps)
    {
        QemuProcess destination = pair.Destination;
        MigrationStream stream = pair.Stream;
        if (!destination.Alive)
        {
            return;
        }

        void Add(QemuStepKind kind, QemuPair next, StepNature nature = StepNature.Progress) => steps.Add(new(kind, Side.Destination, nature, Tidy(next)));

        if (destination.Status == MigrationStatus.Completed && stream is { Link: StreamLink.Open, Acknowledgement: Acknowledgement.Awaited })
        {
            Add(QemuStepKind.Acknowledges, pair with { Stream = stream with { Acknowledgement = Acknowledgement.Loaded } });
        }

        if (destination.Status != MigrationStatus.Active)
        {
            return;
        }

        if (stream is { Sent: SentPart.Everything, Stalled: false })
        {
            Add(QemuStepKind.Loads, Loaded(pair, LoadedRings.Equal));
            Add(QemuStepKind.LoadsWithBrokenRing, Loaded(pair, LoadedRings.Broken), StepNature.Fault);
            Add(QemuStepKind.LoadsWithOtherIndex, Loaded(pair, LoadedRings.Different), StepNature.Fault);
        }

        if (stream.DestinationSeesEnd && stream.Sent != SentPart.Everything)
        {
            Add(QemuStepKind.StreamEndsEarly, LoadFailed(pair));
        }
        else
        {
            Add(QemuStepKind.LoadFails, LoadFailed(pair), StepNature.Fault);
        }
    }

    private static void NetworkSteps(QemuPair pair, List<QemuStep> steps)
    {
        MigrationStream stream = pair.Stream;

        void Add(QemuStepKind kind, Side side, MigrationStream next, StepNature nature = StepNature.Fault) =>
            steps.Add(new(kind, side, nature, Tidy(pair with { Stream = next })));

        MigrationStream broken = stream with { Link = StreamLink.Broken, Stalled = false };
        if (stream.Link == StreamLink.Open)
        {
            Add(QemuStepKind.StreamBreaks, Side.Source, broken);
            if (!stream.Stalled)
            {
                Add(QemuStepKind.StreamStalls, Side.Source, stream with { Stalled = true });
            }
        }

        if (stream.Stalled)
        {
            Add(QemuStepKind.StallEnds, Side.Source, stream with { Stalled = false }, StepNature.Repair);
        }

        if (stream.Sent == SentPart.Everything && pair.Destination.Status == MigrationStatus.Active)
        {
            Add(QemuStepKind.TailLost, Side.Destination, broken with { Sent = SentPart.Memory });
        }

        if (stream.Acknowledgement is Acknowledgement.Loaded or Acknowledgement.LoadFailed)
        {
            Add(QemuStepKind.AcknowledgementLost, Side.Source, broken with { Acknowledgement = Acknowledgement.Lost });
        }
    }

    private static void QueuedSteps(QemuPair pair, Side side, List<QemuStep> steps)
    {
        QemuProcess process = pair[side];
        if (process.MonitorBlocked || process.Queued == QemuCommandKind.None)
        {
            return;
        }

        QemuPair free = pair.With(side, process with { Queued = QemuCommandKind.None });
        QemuOutcome late = Execute(free, side, new QemuCommand(process.Queued, Expected: MigrationStatus.PreSwitchover));
        foreach (QemuPair next in late.Choices)
        {
            steps.Add(new(QemuStepKind.QueuedCommandRuns, side, StepNature.Progress, next, late.Reply));
        }
    }
}
