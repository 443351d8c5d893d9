using System.Runtime.Serialization;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Journal.Stored;
using Google.Protobuf;
using DomainChoice = Coordinator.Domain.Migration.DoubtChoice;
using DomainRecord = Coordinator.Domain.Migration.ReleaseRecord;
using DomainWord = Coordinator.Domain.Migration.SignedWord;

namespace Coordinator.Journal;

/// <summary>What persons and fencing hooks said, both ways.</summary>
internal static class StoredDoubt
{
    internal static HostProvenOff Write(VmEvent.HostProvenOff e) =>
        new() { Request = e.Request.Value, Attempt = e.Attempt.Value, Host = e.Host.Value, Word = Write(e.Word) };

    internal static VmEvent Read(HostProvenOff e) =>
        new VmEvent.HostProvenOff(new RequestId(e.Request), StoredFields.Attempt(e.Attempt), new HostName(e.Host), Read(e.Word));

    internal static DoubtResolved Write(VmEvent.DoubtResolved e)
    {
        DoubtResolved stored = new()
        {
            Request = e.Request.Value,
            Attempt = e.Attempt.Value,
            Choice = Write(e.Resolution.Choice),
            Word = Write(e.Resolution.Word),
        };
        stored.Disks.AddRange(e.Resolution.Disks);
        if (e.Resolution.Record is { } record)
        {
            stored.Record = new Stored.ReleaseRecord
            {
                Attempt = record.Attempt.Value,
                DestinationStore = StoredFields.Uuid(record.DestinationStore.Value),
                Released = ByteString.FromBase64(record.Released),
            };
        }

        return stored;
    }

    internal static VmEvent Read(DoubtResolved e) => new VmEvent.DoubtResolved(
        new RequestId(e.Request),
        StoredFields.Attempt(e.Attempt),
        new DoubtResolution(
            Read(e.Choice),
            Read(e.Word),
            e.Disks.ToEquatableList(),
            e.Record is { } record
                ? new DomainRecord(StoredFields.Attempt(record.Attempt), new StoreInstanceId(StoredFields.Uuid(record.DestinationStore)), record.Released.ToBase64())
                : null));

    private static Stored.SignedWord Write(DomainWord word) => new() { By = word.By, Proof = word.Proof };

    private static DomainWord Read(Stored.SignedWord? word) =>
        word is null ? throw new SerializationException("a person's word without the person") : new DomainWord(word.By, word.Proof);

    private static Stored.DoubtChoice Write(DomainChoice choice) => choice switch
    {
        DomainChoice.Lost => Stored.DoubtChoice.Lost,
        DomainChoice.KeepSource => Stored.DoubtChoice.KeepSource,
        DomainChoice.RunDestination => Stored.DoubtChoice.RunDestination,
        DomainChoice.ReleaseFromRecord => Stored.DoubtChoice.ReleaseFromRecord,
        _ => throw StoredFields.Unspecified(choice),
    };

    private static DomainChoice Read(Stored.DoubtChoice choice) => choice switch
    {
        Stored.DoubtChoice.Lost => DomainChoice.Lost,
        Stored.DoubtChoice.KeepSource => DomainChoice.KeepSource,
        Stored.DoubtChoice.RunDestination => DomainChoice.RunDestination,
        Stored.DoubtChoice.ReleaseFromRecord => DomainChoice.ReleaseFromRecord,
        _ => throw StoredFields.Unspecified(choice),
    };
}
