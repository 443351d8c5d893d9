using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Demo;

/// <summary>One thing that the demo promises, with what was found.</summary>
internal sealed record Claim(bool Holds, string Text)
{
    public override string ToString() => $"{(Holds ? "ok  " : "FAIL")} {Text}";
}

/// <summary>What the API's records must say. Pure. What the world outside says is judged by the lab.</summary>
internal static class Claims
{
    public const int ProgressBetweenHops = 1000;
    public const int ExpectedQueues = 5;

    static readonly string[] s_verified = ["Verified", "Verified(lap-blind)"];

    public static IEnumerable<Claim> Of(IReadOnlyList<Migration> hops) => hops.SelectMany((hop, index) => OfHop(hops, index, $"hop {index + 1}, {hop.SourceHost} to {hop.DestinationHost}"));

    static IEnumerable<Claim> OfHop(IReadOnlyList<Migration> hops, int index, string name)
    {
        var hop = hops[index];
        yield return new(hop.Phase == "Succeeded" && s_verified.Contains(hop.Verdict), $"{name}: {hop.Phase}, {(hop.Verdict.Length > 0 ? hop.Verdict : "no verdict")}");
        var equal = hop.Queues.Count(queue => queue.Outcome == "Equal");
        yield return new(equal == ExpectedQueues && hop.Queues.Count == ExpectedQueues, Invariant($"{name}: {equal} of {ExpectedQueues} virtqueues equal on both sides"));
        var moved = hop.Queues.Where(IsData).Select(queue => (queue.Name, By: Progress(index == 0 ? null : hops[index - 1], queue))).ToList();
        yield return new(moved.Count == ExpectedQueues - 1 && moved.All(queue => queue.By >= ProgressBetweenHops),
            $"{name}: data queues had moved by {string.Join(", ", moved.Select(queue => $"{queue.Name} {queue.By?.ToString("#,0", CultureInfo.InvariantCulture) ?? "?"}"))} since {(index == 0 ? "boot" : "the hop before")} (at least {ProgressBetweenHops:#,0})");
        yield return new(hop.Blackout is { TotalMicros: > 0 }, hop.Blackout is { } blackout
            ? Invariant($"{name}: blackout {blackout.TotalMicros / 1000.0:0.0} ± {blackout.UncertaintyMicros / 1000.0:0.0} ms")
            : $"{name}: no blackout was measured");
    }

    /// <summary>From the first record at the destination of the hop before to the last one at the source of this hop, modulo 65,536.</summary>
    static int? Progress(Migration? before, Queue queue)
    {
        if (queue.Source is not { HasUsedIdx: true } now)
            return null;
        if (before is null)
            return (int)now.UsedIdx;
        var earlier = before.Queues.FirstOrDefault(other => other.Device == queue.Device && other.Index == queue.Index)?.Destination;
        return earlier is { HasUsedIdx: true } ? (ushort)(now.UsedIdx - earlier.UsedIdx) : null;
    }

    static bool IsData(Queue queue) => queue.Name.StartsWith("rx", StringComparison.Ordinal) || queue.Name.StartsWith("tx", StringComparison.Ordinal);

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
