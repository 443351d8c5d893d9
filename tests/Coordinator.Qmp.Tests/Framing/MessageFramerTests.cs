using System.Buffers;
using System.Text;
using Coordinator.Qmp.Framing;
using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Framing;

public sealed class MessageFramerTests
{
    const int Limit = 1024;
    const int Depth = 16;

    static readonly Gen<string> Text = Gen.String[Gen.Frequency((6, Gen.Char['a', 'z']), (4, Pick.From('"', '\\', '}', 'ü'))), 0, 12];

    static readonly Gen<string> Message =
        Gen.Select(Text, Gen.Int[0, 4], Gen.Bool, static (text, depth, isPretty) =>
        {
            var value = JsonText.Quote(text);
            for (var i = 0; i < depth; i++)
                value = i % 2 == 0 ? $"[{value}, 1.5e3]" : $"{{\"k\": {value}}}";
            return isPretty ? $"{{\n  \"return\": {value}\n}}" : $"{{\"return\":{value}}}";
        });

    [Fact]
    public void AnySplitIntoReads_GivesTheSameMessages() =>
        Gen.Select(Message.Array[0, 8], Pick.From("", "\n", "\r\n", " \t\r\n"), Gen.Int[0, 400].Array[0, 12])
            .Sample((messages, separator, cuts) =>
            {
                var bytes = Encoding.UTF8.GetBytes(separator + string.Concat(messages.Select(message => message + separator)));
                Assert.Equal(messages, FramerFeed.ReadAll(bytes, cuts, Limit, Depth));
            }, iter: 20_000);

    [Fact]
    public void ByteByByte_GivesTheSameMessages()
    {
        const string stream = "{\"QMP\": {}}\r\n{\"event\":\"a\\\"}{\\\\\"}\n\n{\"return\": [{}, \"ü}\"]}";

        var messages = FramerFeed.ReadAll(Encoding.UTF8.GetBytes(stream), [.. Enumerable.Range(0, 200)], Limit, Depth);

        Assert.Equal(["{\"QMP\": {}}", "{\"event\":\"a\\\"}{\\\\\"}", "{\"return\": [{}, \"ü}\"]}"], messages);
    }

    [Theory]
    [InlineData("[1]", "'['")]
    [InlineData("hello", "'h'")]
    [InlineData("\"x\"", "'\"'")]
    [InlineData("  7", "'7'")]
    [InlineData("\uFEFF{}", "0xef")]
    [InlineData("}{", "'}'")]
    public void TopLevelIsNoObject_IsRefusedAtOnce(string stream, string named)
    {
        var violation = Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll(Encoding.UTF8.GetBytes(stream), [], Limit, Depth));

        Assert.Contains(named, violation.Message, StringComparison.Ordinal);
        Assert.Contains("must be a JSON object", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForeignByteOutsideStrings_IsRefusedBeforeTheMessageEnds()
    {
        var violation = Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll("{\"a\": GET / HTTP"u8.ToArray(), [], Limit, Depth));

        Assert.Contains("'G' stands outside of a string", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ControlCharacterInString_IsRefused() =>
        Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll("{\"a\": \"x\ny\"}"u8.ToArray(), [], Limit, Depth));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void MessageOverTheLimit_IsRefused(int extra)
    {
        var fits = "{\"a\":\"" + new string('x', Limit - 8) + "\"}";
        Assert.Equal(Limit, fits.Length);
        Assert.Single(FramerFeed.ReadAll(Encoding.UTF8.GetBytes(fits), [], Limit, Depth));

        var tooLong = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', Limit - 7 + extra) + "\"}");

        var violation = Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll(tooLong, [], Limit, Depth));
        Assert.Contains("longer than the 1024 bytes allowed", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MessageThatNeverEnds_IsRefusedAtTheLimit()
    {
        var endless = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', Limit));

        Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll(endless, [.. Enumerable.Repeat(100, 20)], Limit, Depth));
    }

    [Fact]
    public void NestingOverTheLimit_IsRefused()
    {
        static byte[] Nested(int depth) => Encoding.UTF8.GetBytes("{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}");

        Assert.Single(FramerFeed.ReadAll(Nested(Depth), [], Limit, Depth));
        var violation = Assert.Throws<QmpProtocolException>(() => FramerFeed.ReadAll(Nested(Depth + 1), [], Limit, Depth));

        Assert.Contains("deeper than the 16 levels", violation.Message, StringComparison.Ordinal);
    }

    /// <summary>An unfinished 16 MiB string in reads of 4 KiB takes minutes when each read starts over, and milliseconds when none does.</summary>
    [Fact]
    public void HugeStringInSmallReads_IsScannedOnce()
    {
        var framer = new MessageFramer(16 * 1024 * 1024, Depth);
        var bytes = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', 15 * 1024 * 1024) + "\"}");
        var watch = System.Diagnostics.Stopwatch.StartNew();

        for (var end = 4096; end < bytes.Length; end += 4096)
        {
            var unfinished = new ReadOnlySequence<byte>(bytes, 0, end);
            Assert.False(framer.TryRead(ref unfinished, out _));
        }
        var whole = new ReadOnlySequence<byte>(bytes);

        Assert.True(framer.TryRead(ref whole, out var message));
        Assert.Equal(bytes.Length, message.Length);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }
}
