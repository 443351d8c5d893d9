using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Coordinator.Qmp.Commands;

/// <summary>
/// Ids of one connection: four characters drawn for it, then a count, all letters and digits. The drawn part matters: QEMU sends the
/// reply of a command that it was executing when its client left to the client that comes next, even before that one has negotiated
/// (measured on 7.2.22 and 10.0.2); a plain count would take such a reply for its own. They are short because each byte costs time:
/// see <see cref="CommandEncoding"/>.
/// </summary>
sealed class CommandId
{
    const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const int DrawnLength = 4;

    /// <summary>62^8 commands at one a microsecond last seven years.</summary>
    const int CountLimit = 8;

    static readonly SearchValues<char> DigitSet = SearchValues.Create(Digits);

    readonly string _drawn = RandomNumberGenerator.GetString(Digits, DrawnLength);

    public string Of(long number)
    {
        Span<char> count = stackalloc char[CountLimit];
        var start = CountLimit;
        do
        {
            count[--start] = Digits[(int)(number % Digits.Length)];
            number /= Digits.Length;
        }
        while (number > 0);
        return string.Concat(_drawn, count[start..]);
    }

    /// <summary>The number when the id was drawn for this connection.</summary>
    public bool TryRead(JsonElement id, out long number)
    {
        number = 0;
        if (!IsOfThisLibrary(id) || id.GetString() is not { } text || !text.StartsWith(_drawn, StringComparison.Ordinal))
            return false;
        foreach (var digit in text.AsSpan(DrawnLength))
            number = (number * Digits.Length) + Digits.IndexOf(digit, StringComparison.Ordinal);
        return true;
    }

    /// <summary>True for an id that an earlier connection of this library may have used.</summary>
    public static bool IsOfThisLibrary(JsonElement id) =>
        id.ValueKind == JsonValueKind.String
        && id.GetString() is { Length: > DrawnLength and <= DrawnLength + CountLimit } text
        && !text.AsSpan().ContainsAnyExcept(DigitSet);
}
