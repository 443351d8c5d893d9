namespace Coordinator.Domain.QemuModel;

/// <summary>What QEMU or the network may do by itself.</summary>
public enum QemuStepKind : byte
{
    Connects,
    ConnectionRefused,
    Converges,

    /// <summary>The migration thread leaves <c>pre-switchover</c>, some time after <c>migrate-continue</c> was answered.</summary>
    Continues,

    /// <summary>The destination has, or will have, all it needs to load; the source is still writing, under the main lock.</summary>
    DeviceStateSent,

    /// <summary>All is written; the monitor answers again. (What follows the device state only describes it.)</summary>
    LockReleased,
    Loads,
    LoadsWithBrokenRing,
    LoadsWithOtherIndex,
    LoadFails,
    StreamEndsEarly,
    Acknowledges,
    Completes,
    Fails,
    Settles,
    StaysWithoutImages,
    QueuedCommandRuns,
    StreamBreaks,
    TailLost,
    AcknowledgementLost,
    StreamStalls,
    StallEnds,
    ProcessDies,
}

public enum StepNature : byte
{
    /// <summary>Happens sooner or later if nothing else does.</summary>
    Progress,

    /// <summary>May happen, may never happen.</summary>
    Fault,

    /// <summary>A fault ends; it may also last for ever.</summary>
    Repair,
}

/// <param name="Side">Whose step it is; for the network, the end that has to do with it.</param>
/// <param name="LateReply">Of a queued command that is carried out now.</param>
public readonly record struct QemuStep(QemuStepKind Kind, Side Side, StepNature Nature, QemuPair Next, QemuReply? LateReply = null)
{
    public bool IsFault => Nature == StepNature.Fault;

    public string Name => Side + " " + Kind;
}
