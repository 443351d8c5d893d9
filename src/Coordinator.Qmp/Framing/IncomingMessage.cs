using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Coordinator.Qmp.Framing;

enum MessageKind
{
    Greeting,
    Event,
    Result,
    Error,
}

/// <summary>One message, checked strictly: valid UTF-8, valid JSON, no key twice, and exactly one of QMP, event, return, error.</summary>
readonly record struct IncomingMessage(MessageKind Kind, JsonElement Body)
{
    static readonly (string Key, MessageKind Kind)[] Kinds =
        [("event", MessageKind.Event), ("return", MessageKind.Result), ("error", MessageKind.Error), ("QMP", MessageKind.Greeting)];

    /// <param name="bytes">A complete message; the result keeps no reference to it.</param>
    /// <param name="maxDepth">Nesting allowed.</param>
    public static IncomingMessage Parse(in ReadOnlySequence<byte> bytes, int maxDepth)
    {
        if (bytes.IsSingleSegment)
            return Parse(bytes.FirstSpan, maxDepth);
        var rented = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
        try
        {
            bytes.CopyTo(rented);
            return Parse(rented.AsSpan(0, (int)bytes.Length), maxDepth);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    static IncomingMessage Parse(ReadOnlySpan<byte> bytes, int maxDepth)
    {
        if (!Utf8.IsValid(bytes))
            throw ProtocolViolation.Of("a message is not valid UTF-8", bytes);
        RequireWholeCharacters(bytes, maxDepth);
        JsonElement body;
        try
        {
            body = JsonElement.Parse(bytes, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw ProtocolViolation.Of($"a message is not valid JSON with each key once ({ProtocolViolation.Cut(e.Message)})", bytes, e);
        }
        MessageKind? kind = null;
        foreach (var (key, candidate) in Kinds)
        {
            if (!body.TryGetProperty(key, out _))
                continue;
            if (kind is not null)
                throw ProtocolViolation.Of("a message is of two kinds; exactly one of QMP, event, return and error is allowed", bytes);
            kind = candidate;
        }
        return kind is null
            ? throw ProtocolViolation.Of("a message is of no known kind; one of QMP, event, return and error is allowed", bytes)
            : new IncomingMessage(kind.Value, body);
    }

    /// <summary>Half a surrogate pair, escaped, passes every parser and then throws wherever the text is first read; so it is refused here.</summary>
    static void RequireWholeCharacters(ReadOnlySpan<byte> bytes, int maxDepth)
    {
        if (bytes.IndexOf("\\u"u8) < 0)
            return;
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    reader.GetString();
            }
        }
        catch (InvalidOperationException e)
        {
            throw ProtocolViolation.Of("a string holds half a surrogate pair", bytes, e);
        }
        catch (JsonException)
        {
            // The parser that follows says it better.
        }
    }
}
