namespace Coordinator.Agent.State;

/// <summary>One fact to keep, e.g. a started attempt or a tombstone. The store does not look inside.</summary>
/// <param name="Kind">1-64 characters.</param>
/// <param name="Payload">At most <see cref="PayloadBytesAtMost"/>.</param>
public sealed record DurableRecord(string Kind, ReadOnlyMemory<byte> Payload)
{
    public const int KindCharactersAtMost = 64;
    public const int PayloadBytesAtMost = 1024 * 1024;
}

/// <param name="Sequence">Grows over the whole store; gives the order of a VM's records, with gaps.</param>
/// <param name="InstanceId">The store instance that wrote it. Not the store's present one: the record was restored and later ones may be lost.</param>
/// <param name="Kind">As appended.</param>
/// <param name="Payload">As appended.</param>
public sealed record StoredRecord(long Sequence, Guid InstanceId, string Kind, byte[] Payload);
