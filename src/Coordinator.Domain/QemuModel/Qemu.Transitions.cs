namespace Coordinator.Domain.QemuModel;

/// <summary>The next states that <see cref="Steps"/> offers.</summary>
public static partial class Qemu
{
    private static QemuPair Connected(QemuPair pair) => pair with
    {
        Source = pair.Source with { Status = MigrationStatus.Active },
        Destination = pair.Destination with { Status = MigrationStatus.Active },
        Stream = new()
        {
            Link = StreamLink.Open,
            Sent = SentPart.Memory,
            Acknowledgement = pair.Source.Capabilities.HasFlag(QemuCapabilities.ReturnPath) ? Acknowledgement.Awaited : Acknowledgement.NotAsked,
        },
    };

    /// <summary>The guest is stopped (STOP) and remembered; then the pause, or at once the last part.</summary>
    private static QemuPair Converged(QemuPair pair)
    {
        bool pause = pair.Source.Capabilities.HasFlag(QemuCapabilities.PauseBeforeSwitchover);
        // 7.2 keeps the word "active" for the last part of a plain precopy; 10.0 says "device".
        MigrationStatus status = (pause, pair.Traits.Version) switch
        {
            (true, _) => MigrationStatus.PreSwitchover,
            (false, QemuVersion.V7) => MigrationStatus.Active,
            (false, _) => MigrationStatus.Device,
        };
        return pair with
        {
            Source = pair.Source with { Run = RunState.FinishMigrate, Status = status, Phase = pause ? SourcePhase.Idle : SourcePhase.Sending },
            Stream = pair.Stream with { Guest = GuestOf(pair.Source.Run) },
        };
    }

    private static QemuPair DeviceStateSent(QemuPair pair) => pair with
    {
        Stream = pair.Stream with { Sent = SentPart.Everything, GuestWasReset = pair.Source.GuestWasReset },
    };

    /// <summary>Before the guest was stopped there is nothing to settle.</summary>
    private static QemuPair Failed(QemuPair pair) => pair with
    {
        Source = pair.Source with
        {
            Status = MigrationStatus.Failed,
            Phase = pair.Source.Run == RunState.FinishMigrate ? SourcePhase.Settling : SourcePhase.Idle,
        },
        Stream = Closed(pair.Stream, Side.Source),
    };

    /// <summary>The source resumes by itself after failure and cancel, without any <c>cont</c>.</summary>
    private static QemuProcess Settled(QemuPair pair)
    {
        QemuProcess source = pair.Source with
        {
            Phase = SourcePhase.Idle,
            Status = pair.Source.Status == MigrationStatus.Cancelling ? MigrationStatus.Cancelled : pair.Source.Status,
        };
        return (source.Run, source.Status, pair.Stream.Guest) switch
        {
            (not RunState.FinishMigrate, _, _) => source,
            (_, MigrationStatus.Completed, _) => source with { Run = RunState.PostMigrate },
            (_, _, GuestBefore.Running) => source with { Run = RunState.Running },
            // A guest that did not run before stays stopped: measured for pre-switchover, cancel.
            _ => source with { Run = pair.Traits.Version == QemuVersion.V7 ? RunState.PostMigrate : RunStateOf(pair.Stream.Guest) },
        };
    }

    private static QemuProcess WithoutImages(QemuPair pair) => Settled(pair) with
    {
        Phase = SourcePhase.WithoutImages,
        Run = pair.Traits.ImageReturn == ImageReturn.MayFailForGood ? RunState.FinishMigrate : RunState.Paused,
    };

    /// <summary>Only a guest that ran obeys autostart; another one keeps the run state that came in the stream.</summary>
    private static QemuPair Loaded(QemuPair pair, LoadedRings rings)
    {
        QemuProcess destination = pair.Destination;
        RunState run = (pair.Stream.Guest, destination.Autostart) switch
        {
            (GuestBefore.Running, true) => RunState.Running,
            (GuestBefore.Running, false) => RunState.Paused,
            (GuestBefore other, _) => RunStateOf(other),
        };
        return pair with
        {
            Destination = destination with
            {
                Run = run,
                Status = MigrationStatus.Completed,
                Autostart = false,
                Rings = rings,
                GuestWasReset = pair.Stream.GuestWasReset,
            },
        };
    }

    /// <summary>"load of migration failed": the destination says failed and exits 1 at once; with return-path the source is told.</summary>
    private static QemuPair LoadFailed(QemuPair pair) => Gone(
        pair.Stream is { Acknowledgement: Acknowledgement.Awaited, Link: StreamLink.Open }
            ? pair with { Stream = pair.Stream with { Acknowledgement = Acknowledgement.LoadFailed } }
            : pair,
        Side.Destination, ProcessLife.ExitedFailed);

    private static GuestBefore GuestOf(RunState run) => run switch
    {
        RunState.Running => GuestBefore.Running,
        RunState.PreLaunch => GuestBefore.NeverRan,
        _ => GuestBefore.PausedByUser,
    };
}
