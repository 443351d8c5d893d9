using System.Buffers;
using System.Text;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp.Tests.Framing;

public sealed class IncomingMessageTests
{
    [Theory]
    [InlineData("""{"QMP": {"version": 1}}""", "Greeting")]
    [InlineData("""{"timestamp": {}, "event": "STOP"}""", "Event")]
    [InlineData("""{"return": [1, "event"], "id": "x"}""", "Result")]
    [InlineData("""{"id": 1, "error": {"class": "a", "desc": "b"}}""", "Error")]
    public void ValidMessage_IsOfItsKind(string text, string kind) => Assert.Equal(kind, Parse(text).Kind.ToString());

    [Theory]
    [InlineData("{}", "of no known kind")]
    [InlineData("""{"Return": {}}""", "of no known kind")]
    [InlineData("""{"return": {}, "error": {}}""", "of two kinds")]
    [InlineData("""{"event": "x", "QMP": {}}""", "of two kinds")]
    [InlineData("""{"return": }""", "not valid JSON")]
    [InlineData("""{"return": {]}""", "not valid JSON")]
    [InlineData("""{"return": 01}""", "not valid JSON")]
    [InlineData("""{"return": 1,}""", "not valid JSON")]
    [InlineData("""{"return": 1, "return": 2}""", "each key once")]
    [InlineData("""{"return": {"a": 1, "a": 2}}""", "each key once")]
    [InlineData("""{"return": "\ud800"}""", "half a surrogate pair")]
    [InlineData("""{"return": {"\udfff": 1}}""", "half a surrogate pair")]
    public void BrokenMessage_IsRefusedByName(string text, string named)
    {
        var violation = Assert.Throws<QmpProtocolException>(() => Parse(text));

        Assert.Contains(named, violation.Message, StringComparison.Ordinal);
        Assert.Contains(text, violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InvalidUtf8_IsRefused()
    {
        var violation = Assert.Throws<QmpProtocolException>(
            () => IncomingMessage.Parse(new ReadOnlySequence<byte>([.. "{\"return\": \""u8, 0xff, 0xfe, .. "\"}"u8]), 16));

        Assert.Contains("not valid UTF-8", violation.Message, StringComparison.Ordinal);
        Assert.Contains("\\xff\\xfe", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Excerpt_HasAtMost200Characters_WhateverTheBytes()
    {
        var binary = Enumerable.Range(0, 5000).Select(static i => (byte)(i * 7)).ToArray();

        var excerpt = ProtocolViolation.Excerpt(binary, binary.Length);

        Assert.InRange(excerpt.Length, 100, ProtocolViolation.ExcerptLimitChars);
        Assert.All(excerpt[..^1], static character => Assert.InRange(character, ' ', '~'));
        Assert.EndsWith("…", excerpt, StringComparison.Ordinal);
    }

    static IncomingMessage Parse(string text) => IncomingMessage.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)), maxDepth: 16);
}
