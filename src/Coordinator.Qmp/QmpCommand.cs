using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Coordinator.Qmp;

/// <summary>
/// A command with its arguments already encoded, so that one made before the blackout costs only a copy inside it. Two are equal when QEMU would do the same.
/// </summary>
public sealed class QmpCommand : IEquatable<QmpCommand>
{
    /// <summary>Far above any real command, far below what QEMU's parser accepts (64 MiB).</summary>
    public const int MaxArgumentBytes = 1024 * 1024;

    static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    static readonly JsonSerializerOptions ArgumentFormat = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="name">The command as QEMU spells it.</param>
    /// <param name="arguments">
    /// Null for none; a JsonElement, JsonNode or dictionary as it is; properties of any other object in kebab case
    /// (<c>DowntimeLimit</c> becomes <c>downtime-limit</c>), those that are null left out.
    /// </param>
    /// <exception cref="ArgumentException">a name QEMU cannot have, arguments that are no JSON object, or more than 1 MiB of them</exception>
    public QmpCommand(string name, object? arguments = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ArgumentException($"'{name}' is not a QMP command name; letters, digits, '-', '_' and '.' are allowed.", nameof(name));
        Name = name;
        EncodedArguments = Encode(name, arguments);
    }

    public string Name { get; }

    /// <summary>The arguments as JSON; null for none.</summary>
    public string? ArgumentsText => EncodedArguments.IsEmpty ? null : Encoding.UTF8.GetString(EncodedArguments.Span);

    /// <summary>The arguments as UTF-8 JSON; empty for none.</summary>
    internal ReadOnlyMemory<byte> EncodedArguments { get; }

    public bool Equals(QmpCommand? other) => other is not null && Name == other.Name && EncodedArguments.Span.SequenceEqual(other.EncodedArguments.Span);

    public override bool Equals(object? obj) => Equals(obj as QmpCommand);

    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.Add(Name, StringComparer.Ordinal);
        hash.AddBytes(EncodedArguments.Span);
        return hash.ToHashCode();
    }

    public override string ToString() => Name;

    static byte[] Encode(string name, object? arguments)
    {
        var encoded = arguments switch
        {
            null => [],
            JsonElement element => JsonSerializer.SerializeToUtf8Bytes(element),
            JsonNode node => JsonSerializer.SerializeToUtf8Bytes(node),
            _ => JsonSerializer.SerializeToUtf8Bytes(arguments, arguments.GetType(), ArgumentFormat),
        };
        if (encoded.Length == 0)
            return encoded;
        if (encoded[0] != (byte)'{')
            throw new ArgumentException($"The arguments of {name} must be a JSON object.", nameof(arguments));
        if (encoded.Length > MaxArgumentBytes)
            throw new ArgumentException($"The arguments of {name} have {encoded.Length} bytes; {MaxArgumentBytes} are allowed.", nameof(arguments));
        // QEMU refuses a zero character as a syntax error, and answers such an error without the id.
        if (HoldsZeroCharacter(encoded))
            throw new ArgumentException($"The arguments of {name} hold a zero character, which QEMU refuses.", nameof(arguments));
        return encoded;
    }

    static bool HoldsZeroCharacter(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            var isText = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
            if (isText && reader.ValueIsEscaped && reader.GetString()!.Contains('\0', StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
