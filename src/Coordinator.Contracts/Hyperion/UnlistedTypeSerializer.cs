using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;

namespace Coordinator.Contracts;

/// <summary>
/// Stands in the place of Akka's default, JSON with type names, which would create whatever type a sender names and would store any object in the journal.
/// Takes over its identifier 1 too, so that JSON from outside ends here with a sentence instead of an unknown number.
/// </summary>
public sealed class UnlistedTypeSerializer : Akka.Serialization.Serializer
{
    public UnlistedTypeSerializer(ExtendedActorSystem? system)
        : base(system)
    {
    }

    /// <summary>By Akka: its reference file has settings for the serializer named "json", so it passes them.</summary>
    public UnlistedTypeSerializer(ExtendedActorSystem? system, Config settings)
        : base(system)
    {
    }

    public override int Identifier => 1;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => throw new SerializationException(
        $"{obj.GetType().FullName} has no serializer: messages between nodes implement {nameof(IWireMessage)} and stand in "
        + $"{nameof(HyperionAllowList)}; events belong to the journal's codec.");

    public override object FromBinary(byte[] bytes, Type? type) => throw new SerializationException(
        $"JSON of {type?.FullName ?? "an unnamed type"} is refused: only listed messages are read.");
}
