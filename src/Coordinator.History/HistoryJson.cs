using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Domain;

namespace Coordinator.History;

// The discriminators are the file format: extended only. The first property of each line, because the reader looks for it there.
[JsonPolymorphic(TypeDiscriminatorPropertyName = "record")]
[JsonDerivedType(typeof(RunBegan), "run-began")]
[JsonDerivedType(typeof(RunEnded), "run-ended")]
[JsonDerivedType(typeof(EpochAccepted), "epoch-accepted")]
[JsonDerivedType(typeof(AttemptPrepared), "attempt-prepared")]
[JsonDerivedType(typeof(SwitchoverAuthorised), "switchover-authorised")]
[JsonDerivedType(typeof(MigrateIssued), "migrate-issued")]
[JsonDerivedType(typeof(SourceCompleted), "source-completed")]
[JsonDerivedType(typeof(SourceKeptByWord), "source-kept-by-word")]
[JsonDerivedType(typeof(RegisterInvoked), "register-invoked")]
[JsonDerivedType(typeof(RegisterAnswered), "register-answered")]
[JsonDerivedType(typeof(RequestAcknowledged), "request-acknowledged")]
[JsonDerivedType(typeof(ResultSeen), "result-seen")]
[JsonDerivedType(typeof(GuestIntended), "guest-intended")]
[JsonDerivedType(typeof(FaultBegan), "fault-began")]
[JsonDerivedType(typeof(FaultEnded), "fault-ended")]
[JsonDerivedType(typeof(CommandSent), "command-sent")]
[JsonDerivedType(typeof(CommandReplied), "command-replied")]
[JsonDerivedType(typeof(EventSeen), "event-seen")]
[JsonDerivedType(typeof(QemuLaunched), "qemu-launched")]
[JsonDerivedType(typeof(QemuExited), "qemu-exited")]
[JsonDerivedType(typeof(WriterBegan), "writer-began")]
[JsonDerivedType(typeof(WriterEnded), "writer-ended")]
[JsonDerivedType(typeof(RecordsDropped), "records-dropped")]
public partial record HistoryRecord;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false,
    Converters =
    [
        typeof(VmNameJson), typeof(HostNameJson), typeof(RequestIdJson), typeof(AttemptNoJson), typeof(EpochJson), typeof(IncarnationIdJson), typeof(LaunchIdJson),
        typeof(StoreInstanceIdJson),
    ])]
[JsonSerializable(typeof(HistoryRecord))]
internal sealed partial class HistoryJson : JsonSerializerContext;

/// <summary>The domain's ids are written as the plain text or number that they hold. A name that the domain refuses makes the line unreadable.</summary>
internal abstract class TextJson<T>(Func<string, T> parse, Func<T, string> format) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.GetString() ?? throw new JsonException($"{typeof(T).Name} is null");
        try
        {
            return parse(text);
        }
        catch (Exception e) when (e is InvalidValueException or FormatException or OverflowException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(format(value));
}

internal sealed class VmNameJson() : TextJson<VmName>(text => new VmName(text), name => name.Value);

internal sealed class HostNameJson() : TextJson<HostName>(text => new HostName(text), name => name.Value);

internal sealed class RequestIdJson() : TextJson<RequestId>(text => new RequestId(text), id => id.Value);

internal sealed class IncarnationIdJson() : TextJson<IncarnationId>(text => new IncarnationId(Guid.ParseExact(text, "N")), id => id.Value.ToString("N"));

internal sealed class LaunchIdJson() : TextJson<LaunchId>(text => new LaunchId(Guid.ParseExact(text, "N")), id => id.Value.ToString("N"));

internal sealed class StoreInstanceIdJson() : TextJson<StoreInstanceId>(text => new StoreInstanceId(Guid.ParseExact(text, "N")), id => id.Value.ToString("N"));

internal sealed class AttemptNoJson() : JsonConverter<AttemptNo>
{
    public override AttemptNo Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt32());

    public override void Write(Utf8JsonWriter writer, AttemptNo value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}

internal sealed class EpochJson() : JsonConverter<Epoch>
{
    public override Epoch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Epoch value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}
