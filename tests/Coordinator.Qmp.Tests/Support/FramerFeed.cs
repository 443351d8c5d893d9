using System.Buffers;
using System.Text;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>Feeds bytes to the framer the way a pipe does: growing buffers of several segments, unread rest kept.</summary>
static class FramerFeed
{
    /// <param name="bytes">The stream.</param>
    /// <param name="cuts">Where reads end, modulo the length.</param>
    /// <param name="maxMessageBytes">Limit of the framer.</param>
    /// <param name="maxDepth">Limit of the framer.</param>
    public static List<string> ReadAll(byte[] bytes, IEnumerable<int> cuts, int maxMessageBytes, int maxDepth)
    {
        var messages = new List<string>();
        Feed(bytes, cuts, maxMessageBytes, maxDepth, message => messages.Add(Encoding.UTF8.GetString(message.ToArray())));
        return messages;
    }

    /// <returns>bytes of an unfinished message at the end</returns>
    public static long Feed(
        byte[] bytes, IEnumerable<int> cuts, int maxMessageBytes, int maxDepth, Action<ReadOnlySequence<byte>> onMessage)
    {
        var framer = new MessageFramer(maxMessageBytes, maxDepth);
        var ends = cuts.Select(cut => bytes.Length == 0 ? 0 : cut % bytes.Length).Append(bytes.Length).Distinct().Order().ToArray();
        var consumed = 0;
        for (var read = 0; read < ends.Length; read++)
        {
            var buffer = Segmented(bytes, consumed, ends[..(read + 1)]);
            while (framer.TryRead(ref buffer, out var message))
                onMessage(message);
            consumed = ends[read] - (int)buffer.Length;
        }
        return framer.PendingBytes;
    }

    static ReadOnlySequence<byte> Segmented(byte[] bytes, int start, int[] ends)
    {
        Segment? first = null;
        Segment? last = null;
        foreach (var end in ends.Where(end => end > start))
        {
            last = new Segment(bytes.AsMemory(start, end - start), last);
            first ??= last;
            start = end;
        }
        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
