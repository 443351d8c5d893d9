using System.Globalization;
using System.Text.Json;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp.Schema;

/// <summary>
/// Reads the fields of one reply. Fields not asked for are ignored and optional ones may be absent, because replies grow with QEMU
/// and the x- commands promise nothing; a field that is there with another type or out of range is an error, never a guess.
/// </summary>
readonly record struct SchemaFields(JsonElement Source, string Origin)
{
    /// <param name="source">The reply.</param>
    /// <param name="origin">Named in errors: the command or message it came from.</param>
    public static SchemaFields Of(JsonElement source, string origin) => source.ValueKind == JsonValueKind.Object
        ? new SchemaFields(source, origin)
        : throw ProtocolViolation.Of($"{origin} has {Describe(source)} where an object must be", source);

    public JsonElement? ElementOrNull(string name) =>
        Source.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement Element(string name) => ElementOrNull(name) ?? throw Missing(name);

    public SchemaFields? ObjectOrNull(string name) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new SchemaFields(value, $"{Origin}, {name}")
        : throw Wrong(name, value, "an object");

    public SchemaFields Object(string name) => ObjectOrNull(name) ?? throw Missing(name);

    public string? TextOrNull(string name) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Wrong(name, value, "a string");

    public string Text(string name) => TextOrNull(name) ?? throw Missing(name);

    public bool? FlagOrNull(string name) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, value, "true or false");

    public bool Flag(string name) => FlagOrNull(name) ?? throw Missing(name);

    public ulong? UnsignedOrNull(string name, ulong max = ulong.MaxValue) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number) && number <= max ? number
        : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"an integer in 0..{max}"));

    public ulong Unsigned(string name, ulong max = ulong.MaxValue) => UnsignedOrNull(name, max) ?? throw Missing(name);

    public long? SignedOrNull(string name, long min = long.MinValue, long max = long.MaxValue) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max ? number
        : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"an integer in {min}..{max}"));

    public long Signed(string name, long min, long max) => SignedOrNull(name, min, max) ?? throw Missing(name);

    public double? RealOrNull(string name) =>
        ElementOrNull(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : throw Wrong(name, value, "a finite number");

    public IReadOnlyList<string>? TextsOrNull(string name)
    {
        if (ElementOrNull(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Wrong(name, value, "an array of strings");
        var texts = new List<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
                throw Wrong(name, value, "an array of strings");
            texts.Add(item.GetString()!);
        }
        return texts;
    }

    QmpProtocolException Missing(string name) => ProtocolViolation.Of($"{Origin} lacks '{name}'", Source);

    QmpProtocolException Wrong(string name, JsonElement value, string allowed) =>
        ProtocolViolation.Of($"{Origin} has {Describe(value)} in '{name}', which must be {allowed}", Source);

    static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {Shortened(value)}",
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };

    static string Shortened(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 40), "…");
    }
}
