namespace Coordinator.Domain.QemuModel;

public enum QemuCommandKind : byte
{
    None,
    MigrateIncoming,
    Migrate,
    MigrateContinue,
    MigrateCancel,
    Cont,
    Stop,
    Quit,
    SystemReset,
    SetCapabilities,

    /// <summary>Out-of-band, on the instance "migration": answered even while the monitor is blocked.</summary>
    Yank,
    MigrateStartPostcopy,
    MigrateRecover,
}

/// <param name="Expected">Of <c>migrate-continue</c> only.</param>
/// <param name="Capabilities">Of <c>migrate-set-capabilities</c> only: the whole new set.</param>
public readonly record struct QemuCommand(QemuCommandKind Kind, MigrationStatus Expected = default, QemuCapabilities Capabilities = default)
{
    /// <summary>The destination starts to listen.</summary>
    public static QemuCommand MigrateIncoming => new(QemuCommandKind.MigrateIncoming);

    /// <summary>The source connects to the pair's destination.</summary>
    public static QemuCommand Migrate => new(QemuCommandKind.Migrate);
    public static QemuCommand MigrateCancel => new(QemuCommandKind.MigrateCancel);
    public static QemuCommand Cont => new(QemuCommandKind.Cont);
    public static QemuCommand Stop => new(QemuCommandKind.Stop);
    public static QemuCommand Quit => new(QemuCommandKind.Quit);
    public static QemuCommand SystemReset => new(QemuCommandKind.SystemReset);
    public static QemuCommand Yank => new(QemuCommandKind.Yank);
    public static QemuCommand MigrateStartPostcopy => new(QemuCommandKind.MigrateStartPostcopy);
    public static QemuCommand MigrateRecover => new(QemuCommandKind.MigrateRecover);

    public static QemuCommand MigrateContinue(MigrationStatus expected = MigrationStatus.PreSwitchover) =>
        new(QemuCommandKind.MigrateContinue, Expected: expected);

    public static QemuCommand SetCapabilities(QemuCapabilities capabilities) => new(QemuCommandKind.SetCapabilities, Capabilities: capabilities);
}

public enum QemuReplyKind : byte
{
    Ok,
    Error,

    /// <summary>The process is gone, or its monitor is blocked: then the command stays queued and is carried out late.</summary>
    NoAnswer,

    /// <summary>The model does not say what QEMU does here (postcopy, a destination as the source of a third process): nothing happened.</summary>
    NotModelled,
}

/// <param name="Text">The error's <c>desc</c>, in QEMU's words.</param>
public readonly record struct QemuReply(QemuReplyKind Kind, string? Text = null)
{
    public static QemuReply Ok => new(QemuReplyKind.Ok);
    public static QemuReply NoAnswer => new(QemuReplyKind.NoAnswer);
    public static QemuReply NotModelled => new(QemuReplyKind.NotModelled);

    public static QemuReply Error(string text) => new(QemuReplyKind.Error, text);
}

/// <param name="Choices">The states that may follow; more than one where QEMU races with itself.</param>
public readonly record struct QemuOutcome(QemuReply Reply, IReadOnlyList<QemuPair> Choices)
{
    public QemuPair Next => Choices.Count == 1 ? Choices[0] : throw new InvalidOperationException("this outcome is a race: pick one of the choices");
}

/// <param name="Rings">What the virtio queries show; always <see cref="LoadedRings.Equal"/> before a load.</param>
public readonly record struct QemuObservation(RunState Run, MigrationStatus Status, LoadedRings Rings)
{
    public bool GuestRuns => Run == RunState.Running;
}

/// <summary>The errors in the words of QEMU 7.2 and 10.0.</summary>
public static class QemuErrors
{
    public const string NotFinalized = "Migration is not finalized yet";
    public const string InProgress = "There's a migration process in progress";
    public const string PausedByMigration = "Can't migrate the vm that was paused due to previous migration";
    public const string WaitingForIncoming = "Guest is waiting for an incoming migration";
    public const string IncomingStarted = "The incoming migration has already been started";
    public const string NoIncoming = "'-incoming' was not specified on the command line";
    public const string InstanceNotFound = "Instance not found";
    public const string ImageInUse = "Failed to get \"write\" lock";
    public const string NeedsReset = "Resetting the Virtual Machine is required";

    /// <summary>With no migration ever, QEMU says "none" here.</summary>
    public static string NotInExpectedState(MigrationStatus status) => "Migration not in expected state: " + status.ToQmp();
}
