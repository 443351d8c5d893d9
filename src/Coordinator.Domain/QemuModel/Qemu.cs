namespace Coordinator.Domain.QemuModel;

/// <summary>
/// What two QEMU processes and the migration stream between them do: precopy, as measured on QEMU 7.2.22 and 10.0.2. Pure; every nondeterminism is a
/// choice of the caller: one of <see cref="Steps"/>, or one of <see cref="QemuOutcome.Choices"/>. What is marked "by the code" was read, not measured.
/// </summary>
/// <remarks>
/// Left out: postcopy (its commands answer <see cref="QemuReplyKind.NotModelled"/>), disks except <see cref="ImageReturn"/> (a held image can make
/// <c>cont</c> fail in postmigrate; here it never protects), guest shutdown and panic during a migration, time. In-band commands: one at a time,
/// as our QMP session sends them; a second one while one is queued is dropped.
/// </remarks>
public static partial class Qemu
{
    private static readonly QemuProcess LaunchedIncoming = new() { Life = ProcessLife.Alive, Run = RunState.InMigrate };

    /// <summary>A source before any migration, and no destination yet.</summary>
    public static QemuPair Start(
        QemuTraits traits, GuestBefore guest = GuestBefore.Running,
        QemuCapabilities capabilities = QemuCapabilities.ReturnPath | QemuCapabilities.PauseBeforeSwitchover) =>
        new(new() { Life = ProcessLife.Alive, Run = RunStateOf(guest), Capabilities = capabilities }, default, default, traits);

    /// <summary>
    /// The next migration of a guest that has moved: the destination, loaded, becomes the source of a new pair. Its outgoing status is none;
    /// <c>query-migrate</c> goes on to say <c>completed</c>, of the incoming migration, and without RAM figures.
    /// </summary>
    /// <exception cref="InvalidOperationException">The destination has not loaded.</exception>
    public static QemuPair Onward(QemuPair pair)
    {
        if (!pair.Destination.Alive || pair.Destination.Incoming)
        {
            throw new InvalidOperationException("the destination holds no loaded guest");
        }

        return new(pair.Destination with { Status = MigrationStatus.None }, default, default, pair.Traits);
    }

    /// <summary>A new destination process with <c>-incoming defer</c>; without autostart it has <c>-S</c>.</summary>
    /// <exception cref="InvalidOperationException">The former one still lives.</exception>
    public static QemuPair LaunchDestination(QemuPair pair, bool autostart)
    {
        if (pair.Destination.Alive)
        {
            throw new InvalidOperationException("the former destination process is alive");
        }

        return Tidy(pair with { Destination = LaunchedIncoming with { Autostart = autostart } });
    }

    /// <summary>kill -9, or a crash. The other end sees its socket close; what is in flight stays deliverable.</summary>
    public static QemuPair ProcessDied(QemuPair pair, Side side) => pair[side].Alive ? Gone(pair, side, ProcessLife.Killed) : pair;

    /// <summary>The answers of <c>query-status</c>, <c>query-migrate</c> and the virtio queries; null when the process is gone or its monitor does
    /// not answer.</summary>
    public static QemuObservation? Observe(QemuPair pair, Side side)
    {
        QemuProcess process = pair[side];
        if (!process.Alive || process.MonitorBlocked || process.Queued != QemuCommandKind.None)
        {
            return null;
        }

        // 7.2 answers {} for a destination that listens, although its event said setup; 10.0 says setup.
        bool unsaid = side == Side.Destination && process.Status == MigrationStatus.Setup && pair.Traits.Version == QemuVersion.V7;
        return new QemuObservation(process.Run, unsaid ? MigrationStatus.None : process.Status, process.Rings);
    }

    private static QemuPair Gone(QemuPair pair, Side side, ProcessLife life)
    {
        bool connected = side == Side.Source ? SourceUsesStream(pair.Source) : pair.Destination.Status is MigrationStatus.Active or MigrationStatus.Completed;
        QemuPair next = pair.With(side, QemuProcess.Gone(life));
        return Tidy(connected ? next with { Stream = Closed(pair.Stream, side) } : next);
    }

    /// <summary>One end shuts the connection down. Nothing that is under way gets lost by that.</summary>
    private static MigrationStream Closed(MigrationStream stream, Side by) => stream.Link switch
    {
        StreamLink.Open => stream with { Link = by == Side.Source ? StreamLink.ClosedBySource : StreamLink.ClosedByDestination },
        StreamLink.ClosedByDestination when by == Side.Source => stream with { Link = StreamLink.Broken, Stalled = false },
        StreamLink.ClosedBySource when by == Side.Destination => stream with { Link = StreamLink.Broken, Stalled = false },
        _ => stream,
    };

    private static bool Listens(QemuProcess destination) => destination is { Alive: true, Status: MigrationStatus.Setup };

    private static bool SourceUsesStream(QemuProcess source) =>
        source.Alive && (source.Phase is SourcePhase.Sending or SourcePhase.Finishing or SourcePhase.Settling
            || source.Status is MigrationStatus.Active or MigrationStatus.PreSwitchover or MigrationStatus.Device);

    /// <summary>Forgets what can no longer have an effect, so that equal futures are equal values.</summary>
    private static QemuPair Tidy(QemuPair pair)
    {
        bool used = SourceUsesStream(pair.Source);
        if (used && pair.Source.Phase != SourcePhase.Settling)
        {
            return pair;
        }

        bool loading = pair.Destination is { Alive: true, Status: MigrationStatus.Active };
        return pair with { Stream = used || loading ? pair.Stream with { Acknowledgement = Acknowledgement.NotAsked } : default };
    }

    private static RunState RunStateOf(GuestBefore guest) => guest switch
    {
        GuestBefore.Running => RunState.Running,
        GuestBefore.PausedByUser => RunState.Paused,
        GuestBefore.NeverRan => RunState.PreLaunch,
        _ => throw new ArgumentOutOfRangeException(nameof(guest)),
    };
}
