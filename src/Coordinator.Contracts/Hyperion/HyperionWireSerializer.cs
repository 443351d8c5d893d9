using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Hyperion;

namespace Coordinator.Contracts;

/// <summary>
/// Messages between nodes, by Hyperion, for <see cref="HyperionAllowList"/> and nothing else. Written by hand on bare Hyperion because
/// Akka.Serialization.Hyperion accepts any type by name; here no type name is ever on the wire: a message starts with its number in the list. Never used
/// for journal, snapshots or agents.
/// <para>Every refusal is a <see cref="SerializationException"/>: remoting drops that one message, while another exception would tear the connection
/// down.</para>
/// </summary>
public sealed class HyperionWireSerializer : Akka.Serialization.Serializer
{
    /// <summary>Part of the wire format (0-100 belong to Akka); the same number stands in hocon/serialization.conf.</summary>
    public const int SerializerId = 1701;

    // Hyperion's manifest byte for "known type, number follows as two bytes, low one first" (Hyperion 0.12.2, Serializer.GetDeserializerByManifest).
    private const byte KnownTypeManifest = 254;
    private const int KnownTypeHeaderBytes = 3;

    // One for the process: it compiles code for every listed type, and each journal plugin makes serializers of its own. Hyperion's may be used by many threads.
    private static readonly Lazy<Hyperion.Serializer> ofTheList = new(() => Make(HyperionAllowList.Types));

    private readonly ImmutableArray<Type> listed;
    private readonly ImmutableHashSet<Type> messages;
    private readonly Hyperion.Serializer hyperion;

    public HyperionWireSerializer(ExtendedActorSystem? system)
        : this(system, HyperionAllowList.Types, ofTheList.Value)
    {
    }

    /// <exception cref="ArgumentException">The list holds a type that may not travel (see <see cref="WireShape"/>).</exception>
    public HyperionWireSerializer(ExtendedActorSystem? system, ImmutableArray<Type> types)
        : this(system, types, Make(types))
    {
    }

    private HyperionWireSerializer(ExtendedActorSystem? system, ImmutableArray<Type> types, Hyperion.Serializer hyperion)
        : base(system)
    {
        listed = types;
        messages = [.. types.Where(typeof(IWireMessage).IsAssignableFrom)];
        this.hyperion = hyperion;
    }

    public override int Identifier => SerializerId;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        if (!messages.Contains(obj.GetType()))
        {
            throw new SerializationException($"{obj.GetType().FullName} may not be sent to another node: it is not a message of {nameof(HyperionAllowList)}.");
        }

        try
        {
            using var stream = new MemoryStream();
            hyperion.Serialize(obj, stream);
            return stream.ToArray();
        }
        catch (Exception e) when (e is not SerializationException)
        {
            throw new SerializationException($"{obj.GetType().FullName} could not be written: {e.Message}", e);
        }
    }

    public override object FromBinary(byte[] bytes, Type? type)
    {
        var expected = ListedTypeOf(bytes);
        object? message;
        long readBytes;
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            message = hyperion.Deserialize(stream);
            readBytes = stream.Position;
        }
        catch (Exception e) when (e is not SerializationException)
        {
            throw new SerializationException($"A message said to be {expected.FullName} could not be read: {e.Message}", e);
        }

        // Damaged bytes can decode to a bare System.Object, or to a whole message with some bytes left over: neither is what was sent.
        return message?.GetType() == expected && readBytes == bytes.Length
            ? message
            : throw new SerializationException($"A message said to be {expected.FullName} is damaged: "
                + $"{readBytes} of {bytes.Length} bytes gave {message?.GetType().FullName ?? "null"}.");
    }

    private static Hyperion.Serializer Make(ImmutableArray<Type> types) => new(SerializerOptions.Default
        .WithKnownTypes(types)
        .WithTypeFilter(new WireTypeFilter(WireShape.Closure(types)))
        .WithDisallowUnsafeType(true)
        .WithPreserveObjectReferences(false)
        .WithIgnoreSerializable(true));

    private Type ListedTypeOf(byte[] bytes)
    {
        if (bytes.Length < KnownTypeHeaderBytes || bytes[0] != KnownTypeManifest)
        {
            throw new SerializationException($"A message of {bytes.Length} bytes does not name a listed type by number; names are refused.");
        }

        var number = bytes[1] | (bytes[2] << 8);
        return number < listed.Length && messages.Contains(listed[number])
            ? listed[number]
            : throw new SerializationException($"A message names type {number}; this node knows {listed.Length} types, and only messages among them: "
                + "the sender is newer, or not one of us.");
    }
}
