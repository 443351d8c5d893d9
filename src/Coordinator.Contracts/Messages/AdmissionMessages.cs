namespace Coordinator.Contracts;

/// <summary>One VM's migration that wants a slot, or holds one.</summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Migration">The migration's id.</param>
/// <param name="Attempt">How many attempts it has made.</param>
/// <param name="Holds">An attempt is under way; false: it wants one.</param>
/// <param name="Source">Host of the guest.</param>
/// <param name="Destination">Host where it is to go.</param>
/// <param name="Priority">drain, user or system.</param>
/// <param name="BandwidthBytesPerSec">Most that its stream may take.</param>
/// <param name="AskedAtUnixMs">When the migration was requested.</param>
public sealed record SlotEntry(
    string Vm, Guid Migration, int Attempt, bool Holds, string Source, string Destination, string Priority, long BandwidthBytesPerSec, long AskedAtUnixMs);

/// <summary>
/// What has changed at one node's desk since its last report; every second, also when nothing has. A report whose number does not follow the last one's was lost on the way, and the desk is asked for
/// everything again.
/// </summary>
/// <param name="Node">Address of the desk's node.</param>
/// <param name="Desk">One life of the desk.</param>
/// <param name="Number">Counts from 1 in each life.</param>
/// <param name="Whole">What was reported before is void: this and what follows is everything.</param>
/// <param name="More">The next report goes on with the same: nothing is to be decided before it.</param>
/// <param name="Entries">New or changed.</param>
/// <param name="Gone">VMs that neither want nor hold a slot any more.</param>
public sealed record AdmissionReport(string Node, Guid Desk, long Number, bool Whole, bool More, SlotEntry[] Entries, string[] Gone) : IWireMessage;

/// <summary>Report everything: a number is missing, or this life of the queue has not heard of the desk.</summary>
public sealed record AdmissionResend(Guid Desk) : IWireMessage;

/// <summary>The next attempt of this migration may be opened.</summary>
public sealed record SlotGrant(string Vm, Guid Migration, int Attempt);

/// <summary>Why it has to wait, in one sentence.</summary>
public sealed record SlotWaiting(string Vm, Guid Migration, string Sentence);

/// <summary>To one desk. Repeated until the desk reports what became of it.</summary>
public sealed record AdmissionOrders(Guid Desk, SlotGrant[] Granted, SlotWaiting[] Waiting) : IWireMessage;
