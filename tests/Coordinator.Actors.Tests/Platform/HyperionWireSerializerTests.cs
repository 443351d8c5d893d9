using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.Serialization;
using System.Text.Json;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;
using Hyperion;

namespace Coordinator.Actors.Tests.Platform;

public sealed class HyperionWireSerializerTests
{
    private static readonly ImmutableArray<Type> Listed = [typeof(Nudge), typeof(EverythingAllowed), typeof(Part), typeof(MaybeNothing), typeof(Point)];

    private readonly HyperionWireSerializer serializer = new(null, Listed);

    [Fact]
    public void Serializer_EveryAllowedKindOfField_RoundTrips()
    {
        var message = SampleMessages.Of(typeof(EverythingAllowed));
        var copy = Assert.IsType<EverythingAllowed>(RoundTrip(message));
        Assert.Equal(JsonSerializer.Serialize(message), JsonSerializer.Serialize<object>(copy));
        Assert.Equal(TimeSpan.FromMinutes(-330), copy.At.Offset);
    }

    [Fact]
    public void Serializer_NullsAndEmptyCollections_RoundTrip()
    {
        var message = new MaybeNothing(null, null, null, null, [], [], [null, ""], []);
        var copy = Assert.IsType<MaybeNothing>(RoundTrip(message));
        Assert.Equal(JsonSerializer.Serialize(message), JsonSerializer.Serialize(copy));
    }

    [Fact]
    public void Serializer_UninitialisedImmutableArray_IsRefusedWhenWritten()
    {
        var message = new MaybeNothing(null, null, null, null, [], [], [], default);
        Assert.Throws<SerializationException>(() => serializer.ToBinary(message));
    }

    [Fact]
    public void Serializer_Message_CarriesNoTypeNameAtItsHead()
    {
        var bytes = serializer.ToBinary(new Nudge("vm-1"));
        Assert.Equal([254, 0, 0], bytes[..3]);
        Assert.InRange(bytes.Length, 8, 16);
    }

    [Fact]
    public void Serializer_TypesOutsideTheList_AreRefusedWhenWritten()
    {
        object[] refused =
        [
            new FileInfo("/etc/passwd"), Process.GetCurrentProcess(), new Unlisted(1), "text", 1, new object(),
            new Exception("x"), new List<string>(), new Part(1, "x"),
        ];
        foreach (var message in refused)
        {
            var refusal = Assert.Throws<SerializationException>(() => serializer.ToBinary(message));
            Assert.Contains(message.GetType().FullName!, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Serializer_TypesOutsideTheList_AreRefusedWhenRead()
    {
        var permissive = new Hyperion.Serializer(SerializerOptions.Default.WithDisallowUnsafeType(false));
        object[] refused = [new Unlisted(1), new Nudge("vm-1"), "text", 1, new object(), new Exception("x"), new List<string> { "x" }, typeof(string)];
        foreach (var message in refused)
        {
            using var stream = new MemoryStream();
            permissive.Serialize(message, stream);
            Assert.Throws<SerializationException>(() => serializer.FromBinary(stream.ToArray(), message.GetType()));
        }
    }

    [Fact]
    public void Serializer_UnlistedTypeNestedInAListedOne_IsRefusedWhenRead()
    {
        // A sender with another list: number 0 is a type whose only field holds something that this list does not know.
        var foreign = new Hyperion.Serializer(SerializerOptions.Default.WithKnownTypes([typeof(Carrier)]).WithDisallowUnsafeType(false));
        foreach (var load in (object[])[new Unlisted(1), new Exception("x"), new List<string> { "x" }, typeof(string)])
        {
            using var stream = new MemoryStream();
            foreign.Serialize(new Carrier(load), stream);
            Assert.Equal([254, 0, 0], stream.ToArray()[..3]);
            Assert.Throws<SerializationException>(() => serializer.FromBinary(stream.ToArray(), null));
        }
    }

    [Fact]
    public void Serializer_NumberBeyondTheListOrOfANestedRecord_IsRefused()
    {
        var newer = new HyperionWireSerializer(null, [.. Listed, typeof(Unlisted)]);
        Assert.Throws<SerializationException>(() => serializer.FromBinary(newer.ToBinary(new Unlisted(1)), null));
        var nestedAlone = new Hyperion.Serializer(SerializerOptions.Default.WithKnownTypes(Listed));
        using var stream = new MemoryStream();
        nestedAlone.Serialize(new Part(1, "x"), stream);
        Assert.Throws<SerializationException>(() => serializer.FromBinary(stream.ToArray(), null));
    }

    [Fact]
    public void Serializer_Garbage_IsRefusedWithASerializationException()
    {
        var random = new Random(20261122);
        var genuine = serializer.ToBinary(SampleMessages.Of(typeof(EverythingAllowed)));
        for (var round = 0; round < 1_000; round++)
        {
            byte[] bytes;
            if (round % 2 == 0)
            {
                bytes = new byte[random.Next(0, 64)];
                random.NextBytes(bytes);
            }
            else
            {
                bytes = genuine[..random.Next(0, genuine.Length)];
            }

            var refusal = Record.Exception(() => serializer.FromBinary(bytes, null));
            Assert.True(refusal is SerializationException, $"round {round}, {Convert.ToHexString(bytes)}: {refusal?.GetType().Name ?? "accepted"}");
        }
    }

    [Fact]
    public void Serializer_DamagedMessage_IsNeverReadAsAnythingButItsType()
    {
        var random = new Random(42);
        var genuine = serializer.ToBinary(SampleMessages.Of(typeof(EverythingAllowed)));
        for (var round = 0; round < 300; round++)
        {
            var bytes = genuine.ToArray();
            bytes[random.Next(3, bytes.Length)] ^= (byte)(1 << random.Next(8));
            object? read = null;
            var refusal = Record.Exception(() => read = serializer.FromBinary(bytes, null));
            Assert.True(refusal is SerializationException || read is EverythingAllowed, $"round {round}: {refusal?.GetType().Name ?? read?.GetType().Name}");
        }
    }

    [Fact]
    public void Serializer_BareObject_IsRefused()
    {
        var refusal = Assert.Throws<SerializationException>(() => serializer.FromBinary([1], null));
        Assert.Contains("does not name a listed type", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WireTypeFilter_SameNameInAnotherAssembly_IsRefused()
    {
        var filter = new WireTypeFilter([typeof(Nudge), typeof(ImmutableArray<Part>)]);
        Assert.True(filter.IsAllowed(typeof(Nudge).AssemblyQualifiedName!));
        Assert.True(filter.IsAllowed("Coordinator.Contracts.Nudge, Coordinator.Contracts"));
        Assert.True(filter.IsAllowed(typeof(ImmutableArray<Part>).AssemblyQualifiedName!));
        Assert.False(filter.IsAllowed(typeof(ImmutableArray<Unlisted>).AssemblyQualifiedName!));
        Assert.False(filter.IsAllowed("Coordinator.Contracts.Nudge, Evil"));
        Assert.False(filter.IsAllowed("Coordinator.Contracts.Nudge"));
        Assert.True(filter.IsAllowed("System.Collections.Immutable.ImmutableArray`1"
            + "[[Coordinator.Actors.Tests.Platform.HyperionWireSerializerTests+Part, Coordinator.Actors.Tests]], System.Collections.Immutable"));
        Assert.False(filter.IsAllowed("System.Object, System.Private.CoreLib,%core%"));
        Assert.False(filter.IsAllowed(""));
    }

    [Fact]
    public async Task ActorSystem_WithOurSerialization_BindsWireMessagesAndRefusesTheRest()
    {
        using var directory = new TemporaryDirectory();
        using var system = JournalOnlySystem.Create("serialization", new SqliteStore(directory.DatabaseFile));
        try
        {
            Assert.IsType<HyperionWireSerializer>(system.Serialization.FindSerializerFor(new Nudge("vm-1")));
            var bytes = system.Serialization.Serialize(new Nudge("vm-1"));
            Assert.Equal(new Nudge("vm-1"), system.Serialization.Deserialize(bytes, HyperionWireSerializer.SerializerId, ""));
            var refusal = Assert.Throws<SerializationException>(() => system.Serialization.Serialize(new Unlisted(1)));
            Assert.Contains(typeof(Unlisted).FullName!, refusal.Message, StringComparison.Ordinal);
            Assert.Throws<SerializationException>(() => system.Serialization.Deserialize("{}"u8.ToArray(), 1, typeof(Unlisted).AssemblyQualifiedName!));
        }
        finally
        {
            await system.Terminate();
        }
    }

    private object RoundTrip(object message) => serializer.FromBinary(serializer.ToBinary(message), null);

    public enum Colour : byte
    {
        Unspecified = 0,
        Green = 200,
    }

    public enum Wide : long
    {
        Low = long.MinValue,
        High = long.MaxValue,
    }

    public readonly record struct Point(int X, int Y);

    public sealed record Part(int Number, string Text);

    public sealed record Unlisted(int Value) : IWireMessage;

    public sealed record Carrier(object Load);

    public sealed record EverythingAllowed(
        bool Flag, byte Byte, sbyte SByte, short Short, ushort UShort, int Int, uint UInt, long Long, ulong ULong, float Float, double Double, decimal Decimal,
        char Letter, string Text, Guid Id, DateTime Utc, DateTimeOffset At, TimeSpan Lasted, Colour Colour, Wide Wide, Part Part, Point Point,
        byte[] Bytes, int[] Ints, ushort[] Indices, string[] Texts, Part[] Parts, Colour[] Colours, DateTimeOffset[] Times, bool[] Flags,
        ImmutableArray<string> Names, ImmutableArray<Part> MoreParts, ImmutableArray<Guid> Ids, ImmutableArray<Colour> MoreColours,
        ImmutableArray<Point> Points, ImmutableArray<byte> Octets,
        int? MaybeInt, Guid? MaybeId, DateTimeOffset? MaybeAt, Colour? MaybeColour, Point? MaybePoint, TimeSpan? MaybeLasted) : IWireMessage;

    public sealed record MaybeNothing(
        string? Text, int? Number, Part? Part, byte[]? Bytes, string[] Texts, Part[] Parts, string?[] Gaps, ImmutableArray<Part> Items) : IWireMessage;
}
