using System.Buffers;
using System.Globalization;

namespace Coordinator.Qmp.Framing;

/// <summary>
/// Cuts the byte stream into JSON objects at the brace that closes each, wherever the reads happened to split it. Line ends do not
/// frame: QEMU ends messages with CR LF, and with <c>pretty=on</c> puts line ends inside them.
/// By hand because <c>Utf8JsonReader</c> starts an unfinished string again at each read: a 16 MiB string in reads of 4 KiB would be
/// scanned 2,000 times over. Here each byte is looked at once; the complete message is then parsed strictly.
/// </summary>
sealed class MessageFramer(int maxMessageBytes, int maxDepth)
{
    /// <summary>All that can stand outside strings: structure, numbers, true, false, null, white space.</summary>
    static readonly SearchValues<byte> AllowedOutsideStrings = SearchValues.Create("{}[]:,\"0123456789+-.eEtrufalsn \t\r\n"u8);

    /// <summary>What ends or interrupts the plain run of a string: quote, backslash, and the control characters JSON forbids there.</summary>
    static readonly SearchValues<byte> StringStops = SearchValues.Create(StringStopBytes());

    long _scannedBytes;
    int _depth;
    bool _isInString;
    bool _isEscaped;

    /// <summary>Bytes of a message that has begun and is not complete.</summary>
    public long PendingBytes => _scannedBytes;

    /// <summary>
    /// Takes the next complete message off the front of <paramref name="buffer"/>. When there is none, the buffer is left at the
    /// start of the unfinished message, and the next call must bring the same bytes again with more behind them.
    /// </summary>
    /// <exception cref="QmpProtocolException">not an object, a byte that JSON does not allow there, too deep, or too long</exception>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        if (_scannedBytes == 0 && !SkipToObject(ref buffer))
        {
            message = default;
            return false;
        }
        foreach (var segment in buffer.Slice(_scannedBytes))
        {
            var length = Scan(segment.Span, buffer, out var isComplete);
            _scannedBytes += length;
            if (_scannedBytes > maxMessageBytes)
                throw Violation(buffer, $"a message is longer than the {maxMessageBytes} bytes allowed");
            if (!isComplete)
                continue;
            message = buffer.Slice(0, _scannedBytes);
            buffer = buffer.Slice(_scannedBytes);
            _scannedBytes = 0;
            return true;
        }
        message = default;
        return false;
    }

    static bool SkipToObject(ref ReadOnlySequence<byte> buffer)
    {
        foreach (var segment in buffer)
        {
            var start = segment.Span.IndexOfAnyExcept(" \t\r\n"u8);
            if (start < 0)
                continue;
            var first = segment.Span[start];
            if (first == (byte)'{')
            {
                buffer = buffer.Slice(buffer.PositionOf((byte)'{')!.Value);
                return true;
            }
            throw Violation(buffer, $"a message begins with {Describe(first)}; each message must be a JSON object");
        }
        buffer = buffer.Slice(buffer.End);
        return false;
    }

    /// <summary>Scans on from the state left by the bytes before; returns how many belong to the message.</summary>
    int Scan(ReadOnlySpan<byte> span, in ReadOnlySequence<byte> buffer, out bool isComplete)
    {
        isComplete = false;
        for (var i = 0; i < span.Length; i++)
        {
            if (_isInString)
            {
                i = ScanString(span, i, buffer);
                continue;
            }
            switch (span[i])
            {
                case (byte)'"':
                    _isInString = true;
                    break;
                case (byte)'{' or (byte)'[':
                    if (++_depth > maxDepth)
                        throw Violation(buffer, $"a message is nested deeper than the {maxDepth} levels allowed");
                    break;
                case (byte)'}' or (byte)']':
                    if (--_depth > 0)
                        break;
                    isComplete = true;
                    return i + 1;
                case var other:
                    if (!AllowedOutsideStrings.Contains(other))
                        throw Violation(buffer, $"{Describe(other)} stands outside of a string; only JSON is allowed");
                    break;
            }
        }
        return span.Length;
    }

    /// <returns>the place of the last byte looked at</returns>
    int ScanString(ReadOnlySpan<byte> span, int i, in ReadOnlySequence<byte> buffer)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
            return i;
        }
        var stop = span[i..].IndexOfAny(StringStops);
        if (stop < 0)
            return span.Length - 1;
        i += stop;
        if (span[i] == (byte)'"')
            _isInString = false;
        else if (span[i] == (byte)'\\')
            _isEscaped = true;
        else
            throw Violation(buffer, $"{Describe(span[i])} stands inside a string; JSON allows it only escaped");
        return i;
    }

    static QmpProtocolException Violation(in ReadOnlySequence<byte> buffer, string what) => ProtocolViolation.Of(what, buffer);

    static string Describe(byte value) => value is > 0x20 and < 0x7f
        ? $"'{(char)value}'"
        : string.Create(CultureInfo.InvariantCulture, $"the byte 0x{value:x2}");

    static byte[] StringStopBytes()
    {
        var controls = Enumerable.Range(0, 0x20).Select(static value => (byte)value);
        return [.. controls, (byte)'"', (byte)'\\'];
    }
}
