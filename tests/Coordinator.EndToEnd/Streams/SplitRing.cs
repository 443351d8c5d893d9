namespace Coordinator.EndToEnd.Streams;

/// <summary>One split ring of a stopped source: last_avail_idx as the stream carries it, the guest's avail and used indices as they stand in its memory.</summary>
internal readonly record struct SplitRing(ushort LastAvail, ushort Avail, ushort Used);
