using System.Collections.Immutable;
using System.Text.Json;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Platform;

public sealed class HyperionAllowListTests
{
    private static readonly string GoldenFile = Path.Combine(AppContext.BaseDirectory, "Platform", "hyperion-allow-list.golden");

    public static TheoryData<string> ListedTypes => [.. HyperionAllowList.Types.Where(typeof(IWireMessage).IsAssignableFrom).Select(type => type.FullName!)];

    [Fact]
    public void AllowList_OrderAndFields_AreThoseOfTheGoldenFile()
    {
        var expected = File.ReadAllLines(GoldenFile).Where(line => line.Length > 0 && line[0] != '#').ToArray();
        var actual = HyperionAllowList.Types.Select((type, number) => $"{number} {WireShape.Describe(type)}").ToArray();
        for (var number = 0; number < Math.Max(expected.Length, actual.Length); number++)
        {
            var was = number < expected.Length ? expected[number] : "(nothing)";
            var now = number < actual.Length ? actual[number] : "(nothing)";
            Assert.True(was == now, $"Type {number} was '{was}' and is '{now}'. The list is append-only and listed types never change their fields: "
                + "append a new type, and its line, if it is new, to hyperion-allow-list.golden.");
        }
    }

    [Fact]
    public void AllowList_EveryType_HasAShapeThatMayTravel() => Assert.NotEmpty(WireShape.Closure(HyperionAllowList.Types));

    [Fact]
    public void AllowList_EveryMessageOfContracts_IsListed()
    {
        var unlisted = typeof(IWireMessage).Assembly.GetTypes()
            .Where(type => typeof(IWireMessage).IsAssignableFrom(type) && !type.IsInterface && !HyperionAllowList.Types.Contains(type));
        Assert.Empty(unlisted);
    }

    [Theory]
    [MemberData(nameof(ListedTypes))]
    public void AllowList_EveryMessage_RoundTrips(string name)
    {
        var type = HyperionAllowList.Types.Single(type => type.FullName == name);
        var serializer = new HyperionWireSerializer(null);
        var message = SampleMessages.Of(type);

        var copy = serializer.FromBinary(serializer.ToBinary(message), null);

        Assert.IsType(type, copy);
        Assert.Equal(JsonSerializer.Serialize(message, type), JsonSerializer.Serialize(copy, type));
    }

    [Theory]
    [InlineData(typeof(object), "cannot be a wire type")]
    [InlineData(typeof(OpenRecord), "cannot be a wire type")]
    [InlineData(typeof(HoldsObject), "HoldsObject.Value is a Object")]
    [InlineData(typeof(HoldsInterface), "HoldsInterface.Values is a IReadOnlyList<String>")]
    [InlineData(typeof(HoldsUnlistedRecord), "HoldsUnlistedRecord.Value is a Unlisted")]
    [InlineData(typeof(HoldsUnlistedRecords), "HoldsUnlistedRecords.Values is a Unlisted")]
    [InlineData(typeof(HoldsTable), "HoldsTable.Values is a int[,]", "HoldsTable.Values is a Int32[,]")]
    public void WireShape_TypeWhoseContentTheSenderCouldChoose_IsRefusedByName(Type type, params string[] sentences)
    {
        var refusal = Assert.Throws<ArgumentException>(() => WireShape.Closure([type]));
        Assert.Contains(sentences, sentence => refusal.Message.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void WireShape_TypeListedTwice_IsRefused()
    {
        var refusal = Assert.Throws<ArgumentException>(() => WireShape.Closure([typeof(Nudge), typeof(Nudge)]));
        Assert.Contains("listed twice", refusal.Message, StringComparison.Ordinal);
    }

    public record OpenRecord(int Value) : IWireMessage;

    public sealed record HoldsObject(object Value) : IWireMessage;

    public sealed record HoldsInterface(IReadOnlyList<string> Values) : IWireMessage;

    public sealed record Unlisted(int Value);

    public sealed record HoldsUnlistedRecord(Unlisted Value) : IWireMessage;

    public sealed record HoldsUnlistedRecords(ImmutableArray<Unlisted> Values) : IWireMessage;

    public sealed record HoldsTable(int[,] Values) : IWireMessage;
}
