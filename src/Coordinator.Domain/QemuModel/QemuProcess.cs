namespace Coordinator.Domain.QemuModel;

public enum ProcessLife : byte
{
    NotLaunched,
    Alive,

    /// <summary>Exit code 0, after <c>quit</c>.</summary>
    ExitedOk,

    /// <summary>Exit code 1: "load of migration failed".</summary>
    ExitedFailed,
    Killed,
}

/// <summary>What the source's migration thread is doing inside one status word; not visible over QMP.</summary>
public enum SourcePhase : byte
{
    Idle,

    /// <summary>The last memory and the devices are being written under the main lock: the monitor does not answer.</summary>
    Sending,

    /// <summary>All written, lock released: the monitor answers again (measured with a held-back acknowledgement).</summary>
    Finishing,

    /// <summary>The outcome is decided; the run state follows (completed: postmigrate; failed, cancelled: resumed).</summary>
    Settling,

    /// <summary>Failed or cancelled without its disk images: stopped, see <see cref="ImageReturn"/>.</summary>
    WithoutImages,

    /// <summary>
    /// <c>migrate-continue</c> was answered and the migration thread has not woken up yet: the status is still <c>pre-switchover</c>. "Leaving this state is not atomic with posting the
    /// semaphore" (QEMU, migration.c, migration_maybe_pause); seen for 35 ms on 10.0.2.
    /// </summary>
    Continuing,
}

/// <summary>What a load made of the virtqueues. Neither is an error or an event of QEMU; after both the status is <c>completed</c>.</summary>
public enum LoadedRings : byte
{
    Equal,

    /// <summary><c>x-query-virtio-status</c> says broken and NEEDS_RESET; the guest hangs after <c>cont</c>.</summary>
    Broken,

    /// <summary>A plausible but other index: nothing says so, buffers are lost for good.</summary>
    Different,
}

/// <summary>One QEMU process. Fields that mean nothing in a state are held at their default, so that equal behaviour is an equal value.</summary>
public readonly record struct QemuProcess(
    ProcessLife Life,
    RunState Run,
    MigrationStatus Status,
    bool Autostart,
    QemuCapabilities Capabilities,
    SourcePhase Phase,
    QemuCommandKind Queued,
    LoadedRings Rings,
    bool GuestWasReset)
{
    public bool Alive => Life == ProcessLife.Alive;

    public bool GuestRuns => Alive && Run == RunState.Running;

    /// <summary>Still the receiving end: nothing loaded yet.</summary>
    public bool Incoming => Run == RunState.InMigrate;

    /// <summary>The main lock is held: no in-band command is answered; out-of-band <c>yank</c> is.</summary>
    public bool MonitorBlocked => Phase == SourcePhase.Sending;

    /// <summary>A bijection of the value into 26 bits, for fast hashing and interning.</summary>
    public uint Code =>
        (uint)Life | ((uint)Run << 3) | ((uint)Status << 8) | ((Autostart ? 1u : 0u) << 13) | ((uint)Capabilities << 14)
        | ((uint)Phase << 16) | ((uint)Queued << 19) | ((uint)Rings << 23) | ((GuestWasReset ? 1u : 0u) << 25);

    public bool Equals(QemuProcess other) => Code == other.Code;

    public override int GetHashCode() => (int)Code;

    internal static QemuProcess Gone(ProcessLife life) => new() { Life = life };
}
