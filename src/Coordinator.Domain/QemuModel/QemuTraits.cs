namespace Coordinator.Domain.QemuModel;

/// <summary>The two versions that were measured: 7.2.22 and 10.0.2. Where they differ, the code says so.</summary>
public enum QemuVersion : byte
{
    V7,
    V10,
}

/// <summary>What the guest was doing when the migration stopped it. QEMU gives it back on failure and sends it in the stream.</summary>
public enum GuestBefore : byte
{
    Running,
    PausedByUser,

    /// <summary>Launched with <c>-S</c> and never continued: the destination then ends in <c>prelaunch</c>.</summary>
    NeverRan,
}

/// <summary>What a source may do that failed, or was cancelled, after it had given its disk images away and cannot take them back.</summary>
public enum ImageReturn : byte
{
    /// <summary>
    /// Measured on 7.2.22 and 10.0.2 with an image whose lock the destination holds: RESUME all the same, without the disks. The first write then
    /// aborts QEMU (assertion on BDRV_O_INACTIVE); <c>cont</c> of the running source takes the disks back once the destination has ended. It cannot
    /// happen while the destination has no images: <c>-S</c> with 10.0, and with 7.2 also late-block-activate. Here the abort is one of the deaths.
    /// </summary>
    GuestRunsAllTheSame,

    /// <summary>An assumption, never seen: it stays stopped; <c>cont</c> answers an error while a loaded destination lives, and works afterwards.</summary>
    MayFailUntilDestinationEnds,

    /// <summary>
    /// It stays in <c>finish-migrate</c>, where <c>cont</c> is always refused. The code of QEMU 10.2 and later (migration_iteration_finish leaves
    /// the run state alone, qmp_cont checks it first): the source can only be ended.
    /// </summary>
    MayFailForGood,
}

/// <summary>What stays the same through one history of a pair.</summary>
public readonly record struct QemuTraits(QemuVersion Version = QemuVersion.V10, ImageReturn ImageReturn = ImageReturn.GuestRunsAllTheSame);

/// <summary>The capabilities that change what the model does. Only those of the source matter.</summary>
[Flags]
public enum QemuCapabilities : byte
{
    None = 0,

    /// <summary>The source waits for the destination's word that it has loaded. Without it the source says <c>completed</c> on hope.</summary>
    ReturnPath = 1,
    PauseBeforeSwitchover = 2,
}
