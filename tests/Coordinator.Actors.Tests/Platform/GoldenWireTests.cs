using Coordinator.Actors.Platform;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;
using Google.Protobuf.Reflection;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>
/// What travels between nodes, agents and clients of different versions: bytes and field numbers as earlier builds have sent them. Lines are only ever appended; the missing ones are written to the
/// folder in the source tree that COORDINATOR_WRITE_GOLDEN names.
/// </summary>
public sealed class GoldenWireTests
{
    private const string Messages = "hyperion-messages.golden";
    private const string Fields = "protobuf-fields.golden";

    public static IEnumerable<object[]> SentMessages => Lines(Messages, Written()).Select(line => (object[])line.Split(' '));

    [Theory]
    [MemberData(nameof(SentMessages))]
    public void MessageOfAnEarlierBuild_IsReadWhole(string name, string sent)
    {
        HyperionWireSerializer serializer = new(system: null);

        object read = serializer.FromBinary(Convert.FromBase64String(sent), type: null);

        Assert.Equal(name, read.GetType().FullName);

        // As that build would read it: nothing was lost on the way in, and nothing is written in another place on the way out.
        Assert.Equal(sent, Convert.ToBase64String(serializer.ToBinary(read)));
    }

    [Fact]
    public void EveryMessage_HasItsBytes() => Assert.Equal(
        HyperionAllowList.Types.Where(typeof(IWireMessage).IsAssignableFrom).Select(type => type.FullName).Order(StringComparer.Ordinal),
        SentMessages.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    /// <summary>A field that was renumbered, retyped or removed is misread by whoever is a version apart, without an error.</summary>
    [Fact]
    public void FieldsAndCallsOfAnEarlierBuild_AreStillThere()
    {
        List<string> present = [.. new[] { CoordinatorReflection.Descriptor, GatewayReflection.Descriptor, HandoffReflection.Descriptor, VirtqueuesReflection.Descriptor }.SelectMany(Described)];

        List<string> golden = [.. Lines(Fields, present)];

        Assert.Empty(golden.Except(present, StringComparer.Ordinal));
        Assert.Empty(present.Except(golden, StringComparer.Ordinal));
    }

    private static IEnumerable<string> Written()
    {
        HyperionWireSerializer serializer = new(system: null);
        return HyperionAllowList.Types.Where(typeof(IWireMessage).IsAssignableFrom).Select(type => $"{type.FullName} {Convert.ToBase64String(serializer.ToBinary(SampleMessages.Of(type)))}");
    }

    private static IEnumerable<string> Described(FileDescriptor file) =>
    [
        .. file.MessageTypes.SelectMany(Described),
        .. file.EnumTypes.SelectMany(values => values.Values.Select(value => $"{values.FullName} {value.Number} {value.Name}")),
        .. file.Services.SelectMany(service => service.Methods.Select(call =>
            $"{call.FullName} {(call.IsClientStreaming ? "stream " : "")}{call.InputType.FullName} -> {(call.IsServerStreaming ? "stream " : "")}{call.OutputType.FullName}")),
    ];

    private static IEnumerable<string> Described(MessageDescriptor message) =>
    [
        .. message.Fields.InFieldNumberOrder().Select(field => $"{message.FullName} {field.FieldNumber} {field.Name} {(field.IsRepeated ? "repeated " : "")}{Type(field)}"),
        .. message.NestedTypes.SelectMany(Described),
        .. message.EnumTypes.SelectMany(values => values.Values.Select(value => $"{values.FullName} {value.Number} {value.Name}")),
    ];

    private static string Type(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        _ => field.FieldType.ToString(),
    };

    private static string[] Lines(string file, IEnumerable<string> present)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Platform", file);
        if (Environment.GetEnvironmentVariable("COORDINATOR_WRITE_GOLDEN") is { Length: > 0 } target)
        {
            path = Path.Combine(target, file);
            string[] before = File.Exists(path) ? File.ReadAllLines(path) : [];
            HashSet<string> known = [.. before.Select(Key)];
            File.WriteAllLines(path, before.Concat(present.Where(line => !known.Contains(Key(line)))));
        }

        return File.ReadAllLines(path);
    }

    /// <summary>What stands before the last word: bytes of a message that is there already are never written anew.</summary>
    private static string Key(string line) => line[..line.LastIndexOf(' ')];
}
