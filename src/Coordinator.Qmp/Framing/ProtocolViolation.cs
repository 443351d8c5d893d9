using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Coordinator.Qmp.Framing;

/// <summary>Words a broken rule together with the place it was broken at, readable in a log whatever the bytes were.</summary>
static class ProtocolViolation
{
    public const int ExcerptLimitChars = 200;

    public static QmpProtocolException Of(string what, in ReadOnlySequence<byte> bytes, Exception? inner = null)
    {
        var head = bytes.Slice(0, Math.Min(bytes.Length, ExcerptLimitChars));
        return Of(what, head.ToArray(), bytes.Length, inner);
    }

    public static QmpProtocolException Of(string what, ReadOnlySpan<byte> bytes, Exception? inner = null) =>
        Of(what, bytes[..Math.Min(bytes.Length, ExcerptLimitChars)], bytes.Length, inner);

    public static QmpProtocolException Of(string what, JsonElement message) => Of(what, Encoding.UTF8.GetBytes(message.GetRawText()));

    static QmpProtocolException Of(string what, ReadOnlySpan<byte> head, long totalBytes, Exception? inner) =>
        new($"The peer does not speak QMP as allowed: {what}. Received: {Excerpt(head, totalBytes)}", inner);

    /// <summary>A peer's words for use in a message of ours: they may be as long as a whole message.</summary>
    public static string Cut(string text) => text.Length <= ExcerptLimitChars ? text : string.Concat(text.AsSpan(0, ExcerptLimitChars - 1), "…");

    /// <summary>At most 200 characters, on one line, with everything that is not printable ASCII shown as \xNN.</summary>
    public static string Excerpt(ReadOnlySpan<byte> head, long totalBytes)
    {
        var text = new StringBuilder();
        var shown = 0;
        while (shown < head.Length)
        {
            var value = head[shown];
            var piece = value is >= 0x20 and < 0x7f ? ((char)value).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{value:x2}");
            if (text.Length + piece.Length > ExcerptLimitChars - 1)
                break;
            text.Append(piece);
            shown++;
        }
        if (shown < totalBytes)
            text.Append('…');
        return text.ToString();
    }
}
