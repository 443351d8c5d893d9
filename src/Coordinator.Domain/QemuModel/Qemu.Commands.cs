namespace Coordinator.Domain.QemuModel;

public static partial class Qemu
{
    /// <summary>Sends one command to one process.</summary>
    public static QemuOutcome Execute(QemuPair pair, Side side, QemuCommand command)
    {
        QemuProcess process = pair[side];
        if (command.Kind is QemuCommandKind.MigrateStartPostcopy or QemuCommandKind.MigrateRecover)
        {
            return Same(pair, QemuReply.NotModelled);
        }

        if (!process.Alive)
        {
            return Same(pair, QemuReply.NoAnswer);
        }

        if (command.Kind == QemuCommandKind.Yank)
        {
            return Yank(pair, side);
        }

        if (process.MonitorBlocked || process.Queued != QemuCommandKind.None)
        {
            return Queue(pair, side, command.Kind);
        }

        return command.Kind switch
        {
            QemuCommandKind.MigrateIncoming => MigrateIncoming(pair, side),
            QemuCommandKind.Migrate => Migrate(pair, side),
            QemuCommandKind.MigrateContinue => MigrateContinue(pair, side, command.Expected),
            QemuCommandKind.MigrateCancel => side == Side.Source ? MigrateCancel(pair) : Done(pair),
            QemuCommandKind.Cont => Cont(pair, side),
            QemuCommandKind.Stop => Done(pair.With(side, Stopped(process))),
            QemuCommandKind.Quit => Done(Gone(pair, side, ProcessLife.ExitedOk)),
            QemuCommandKind.SystemReset => Done(pair.With(side, Reset(process))),
            QemuCommandKind.SetCapabilities => SetCapabilities(pair, side, command.Capabilities),
            QemuCommandKind.None or QemuCommandKind.Yank or QemuCommandKind.MigrateStartPostcopy or QemuCommandKind.MigrateRecover
                or _ => throw new ArgumentOutOfRangeException(nameof(command), command.Kind, "no command"),
        };
    }

    /// <summary>The main lock is held: the command waits in the monitor and is carried out when the lock is free, whatever holds then.</summary>
    private static QemuOutcome Queue(QemuPair pair, Side side, QemuCommandKind kind)
    {
        if (kind == QemuCommandKind.SetCapabilities)
        {
            return Same(pair, QemuReply.NotModelled);
        }

        QemuProcess process = pair[side];
        return Same(process.Queued == QemuCommandKind.None ? pair.With(side, process with { Queued = kind }) : pair, QemuReply.NoAnswer);
    }

    private static QemuOutcome MigrateIncoming(QemuPair pair, Side side)
    {
        QemuProcess process = pair[side];
        if (side == Side.Destination && process.Status != MigrationStatus.None)
        {
            return Same(pair, QemuReply.Error(QemuErrors.IncomingStarted));
        }

        return process.Incoming
            ? Done(pair.With(side, process with { Status = MigrationStatus.Setup }))
            : Same(pair, QemuReply.Error(QemuErrors.NoIncoming));
    }

    private static QemuOutcome Migrate(QemuPair pair, Side side)
    {
        QemuProcess process = pair[side];
        if (side == Side.Destination || process.Phase == SourcePhase.WithoutImages)
        {
            return Same(pair, process.Incoming ? QemuReply.Error(QemuErrors.WaitingForIncoming) : QemuReply.NotModelled);
        }

        if (process.Status.IsInProgress() || process.Phase == SourcePhase.Settling)
        {
            return Same(pair, QemuReply.Error(QemuErrors.InProgress));
        }

        // The guard looks at the run state only: after a third party's cont the same source may be migrated again.
        return process.Run == RunState.PostMigrate
            ? Same(pair, QemuReply.Error(QemuErrors.PausedByMigration))
            : Done(pair with { Source = process with { Status = MigrationStatus.Setup } });
    }

    private static QemuOutcome MigrateContinue(QemuPair pair, Side side, MigrationStatus expected)
    {
        // A destination's own outgoing status is "none", whatever its incoming migration does.
        MigrationStatus status = side == Side.Source ? pair.Source.Status : MigrationStatus.None;
        if (status != expected)
        {
            return Same(pair, QemuReply.Error(QemuErrors.NotInExpectedState(status)));
        }

        // In another state that is named rightly, or posted twice, the semaphore is drained before the next pause (by the code).
        return Done(status == MigrationStatus.PreSwitchover ? pair with { Source = pair.Source with { Phase = SourcePhase.Continuing } } : pair);
    }

    /// <summary>With nothing to cancel it is a success without effect, also after completion.</summary>
    private static QemuOutcome MigrateCancel(QemuPair pair)
    {
        QemuProcess source = pair.Source;
        if (!source.Status.IsInProgress() || source.Phase == SourcePhase.Settling)
        {
            return Done(pair);
        }

        QemuPair next = pair with { Source = source with { Status = MigrationStatus.Cancelling, Phase = SourcePhase.Settling } };
        if (SourceUsesStream(source))
        {
            return Done(next with { Stream = Closed(pair.Stream, Side.Source) });
        }

        // In setup the connection may have come up just before: the destination then fails (measured), else it goes on listening.
        return Listens(pair.Destination)
            ? new(QemuReply.Ok, [next, next with
            {
                Destination = pair.Destination with { Status = MigrationStatus.Active },
                Stream = new() { Link = StreamLink.ClosedBySource },
            }])
            : Done(next);
    }

    private static QemuOutcome Cont(QemuPair pair, Side side)
    {
        QemuProcess process = pair[side];
        switch (process.Run)
        {
            case RunState.FinishMigrate:
                return Same(pair, QemuReply.Error(QemuErrors.NotFinalized));
            case RunState.InMigrate:
                return Done(pair.With(side, process with { Autostart = true }));
            case RunState.Shutdown or RunState.InternalError:
                return Same(pair, QemuReply.Error(QemuErrors.NeedsReset));
            default:
                // No guard against postmigrate: this is how a third party makes the second copy.
                return process.Phase == SourcePhase.WithoutImages && pair.Destination is { Alive: true, Incoming: false }
                    ? Same(pair, QemuReply.Error(QemuErrors.ImageInUse))
                    : Done(pair.With(side, process with { Run = RunState.Running, Phase = Continued(process.Phase) }));
        }
    }

    private static SourcePhase Continued(SourcePhase phase) => phase == SourcePhase.WithoutImages ? SourcePhase.Idle : phase;

    /// <summary>Accepted everywhere. In finish-migrate it has no effect: a cancel resumes the guest all the same (measured).</summary>
    private static QemuProcess Stopped(QemuProcess process) => process.Run switch
    {
        RunState.Running => process with { Run = RunState.Paused },
        RunState.InMigrate => process with { Autostart = false },
        _ => process,
    };

    /// <summary>Accepted everywhere, in pre-switchover too: the reset state is then what gets migrated. A load overwrites it.</summary>
    private static QemuProcess Reset(QemuProcess process) => process.Run switch
    {
        RunState.InMigrate => process,
        RunState.Running or RunState.FinishMigrate => process with { GuestWasReset = true },
        _ => process with { GuestWasReset = true, Run = RunState.PreLaunch },
    };

    private static QemuOutcome SetCapabilities(QemuPair pair, Side side, QemuCapabilities capabilities)
    {
        QemuProcess process = pair[side];
        return side == Side.Source && (process.Status.IsInProgress() || process.Phase == SourcePhase.Settling)
            ? Same(pair, QemuReply.Error(QemuErrors.InProgress))
            : Done(pair.With(side, process with { Capabilities = capabilities }));
    }

    /// <summary>Shuts the sockets; what the migration makes of that is a step of its own (<see cref="QemuStepKind.Fails"/>).</summary>
    private static QemuOutcome Yank(QemuPair pair, Side side)
    {
        QemuProcess process = pair[side];
        if (side == Side.Destination)
        {
            return process.Status switch
            {
                MigrationStatus.Active => Done(pair with { Stream = Closed(pair.Stream, Side.Destination) }),
                MigrationStatus.Setup => Done(pair),
                _ => Same(pair, QemuReply.Error(QemuErrors.InstanceNotFound)),
            };
        }

        if (!process.Status.IsInProgress() && process.Phase != SourcePhase.Settling)
        {
            return Same(pair, QemuReply.Error(QemuErrors.InstanceNotFound));
        }

        if (!SourceUsesStream(process) || process.Phase == SourcePhase.Settling)
        {
            return Done(pair);
        }

        MigrationStream closed = Closed(pair.Stream, Side.Source);
        QemuPair lost = pair with { Stream = closed with { Acknowledgement = Acknowledgement.Lost } };
        return pair.Stream switch
        {
            // An acknowledgement that has come in but was not read yet may be read from the closed socket, or not.
            { Acknowledgement: Acknowledgement.Loaded or Acknowledgement.LoadFailed, Stalled: false } =>
                new(QemuReply.Ok, [pair with { Stream = closed }, lost]),
            { Acknowledgement: Acknowledgement.Loaded or Acknowledgement.LoadFailed } => Done(lost),
            _ => Done(pair with { Stream = closed }),
        };
    }

    private static QemuOutcome Done(QemuPair next) => new(QemuReply.Ok, [Tidy(next)]);

    private static QemuOutcome Same(QemuPair pair, QemuReply reply) => new(reply, [pair]);
}
