using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Coordinator.Qmp.Commands;

/// <summary>
/// Ids of one connection: <c>q</c>, 8 hex digits drawn per connection, <c>-</c>, a count. The drawn part matters: QEMU sends the reply
/// of a command that it was executing when its client left to the client that comes next, even before that one has negotiated
/// (measured on 7.2.22 and 10.0.2). A plain count would take such a reply for its own.
/// </summary>
sealed class CommandId
{
    const int DrawnDigits = 8;

    readonly string _prefix = $"q{RandomNumberGenerator.GetHexString(DrawnDigits, lowercase: true)}-";

    public string Of(long number) => _prefix + number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number when the id has this connection's prefix.</summary>
    public bool TryRead(JsonElement id, out long number)
    {
        number = 0;
        return id.ValueKind == JsonValueKind.String
            && id.GetString() is { } text
            && text.StartsWith(_prefix, StringComparison.Ordinal)
            && TryReadNumber(text.AsSpan(_prefix.Length), out number);
    }

    /// <summary>True for an id that an earlier connection of this library may have used.</summary>
    public static bool IsOfThisLibrary(JsonElement id)
    {
        if (id.ValueKind != JsonValueKind.String || id.GetString() is not { } text)
            return false;
        var dash = DrawnDigits + 1;
        return text.Length > dash && text[0] == 'q' && text[dash] == '-'
            && !text.AsSpan(1, DrawnDigits).ContainsAnyExcept("0123456789abcdef")
            && TryReadNumber(text.AsSpan(dash + 1), out _);
    }

    static bool TryReadNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
