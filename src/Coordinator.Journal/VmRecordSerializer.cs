using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Coordinator.Domain;
using Google.Protobuf;
using Envelope = Coordinator.Journal.Stored.Envelope;

namespace Coordinator.Journal;

/// <summary>
/// Journal bytes of <see cref="VmRecord"/>: an <see cref="Envelope"/> around the event's own message, which the manifest names. Every refusal to read is a
/// <see cref="SerializationException"/>: the entity then stays down instead of going on with a history that it does not understand.
/// </summary>
/// <param name="system">Whose journal the bytes are for; null where bytes are made for no journal, and then nobody counts them.</param>
public sealed class VmRecordSerializer(ExtendedActorSystem? system) : SerializerWithStringManifest(system)
{
    /// <summary>Part of the stored format (0-100 belong to Akka); stands in the journal next to every event.</summary>
    public const int SerializerId = 1702;

    private const long MicrosPerTick = TimeSpan.TicksPerMicrosecond;

    // By actor system: the journal makes serializers of its own, and a test has several nodes in one process.
    private static readonly ConditionalWeakTable<ActorSystem, StrongBox<long>> s_bytesMade = [];

    private readonly StrongBox<long> _bytesMade = system is null ? new StrongBox<long>() : s_bytesMade.GetOrCreateValue(system);

    public override int Identifier => SerializerId;

    /// <summary>Made of events since that actor system started, for its journal and nobody else.</summary>
    public static long BytesMadeBy(ActorSystem system) => Interlocked.Read(ref s_bytesMade.GetOrCreateValue(system).Value);

    public override string Manifest(object o) => o is VmRecord record ? VmEventCodec.ManifestOf(record.Event.GetType()) : throw Foreign(o);

    public override byte[] ToBinary(object obj)
    {
        if (obj is not VmRecord record)
        {
            throw Foreign(obj);
        }

        byte[] bytes = new Envelope
        {
            AtUnixMicros = (record.At.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / MicrosPerTick,
            Node = record.Node,
            Event = VmEventCodec.Encode(record.Event).ToByteString(),
        }.ToByteArray();
        Interlocked.Add(ref _bytesMade.Value, bytes.Length);
        return bytes;
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            Envelope envelope = Envelope.Parser.ParseFrom(bytes);
            return new VmRecord(
                VmEventCodec.Decode(manifest, envelope.Event),
                DateTimeOffset.UnixEpoch.AddTicks(checked(envelope.AtUnixMicros * MicrosPerTick)),
                envelope.Node);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidValueException or ArgumentException or OverflowException)
        {
            throw new SerializationException($"a stored event of manifest '{manifest}' cannot be read: {e.Message}", e);
        }
    }

    private static SerializationException Foreign(object o) => new($"{o.GetType().FullName} is not a record of a VM's journal");
}
