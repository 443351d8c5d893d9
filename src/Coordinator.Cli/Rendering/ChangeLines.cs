using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Rendering;

/// <summary>The same as lines, for logs and pipes: one for every journalled event, and one for every change between them.</summary>
internal static class ChangeLines
{
    /// <summary>Samples come some six times a second; a log is read by people.</summary>
    const int SampleEveryMs = 1000;

    /// <summary>Nothing but a new sample, too soon after the last one told.</summary>
    public static bool IsMinor(Migration told, Migration now) =>
        told.Phase == now.Phase && told.Attempt == now.Attempt && told.CancelRequested == now.CancelRequested && told.Reason == now.Reason && told.Timeline.Count == now.Timeline.Count
        && told.Progress is { } before && now.Progress is { } after && before.Pass == after.Pass && Math.Abs(after.ElapsedMs - before.ElapsedMs) < SampleEveryMs;

    /// <param name="before">What was told last; null at the beginning.</param>
    public static IEnumerable<string> Between(Migration? before, Migration now)
    {
        if (before is null)
            yield return $"migration {now.Id}: {now.Vm}, {now.SourceHost} to {now.DestinationHost}";
        var told = before?.Timeline.LastOrDefault()?.Sequence ?? 0;
        var earlier = before?.Timeline.LastOrDefault()?.At.ToDateTime();
        foreach (var entry in now.Timeline.Where(entry => entry.Sequence > told))
        {
            var at = entry.At.ToDateTime();
            yield return $"{Amounts.Clock(at)} {(earlier is { } from ? $"+{Amounts.Span(at - from)} " : "")}{entry.Event} {entry.Detail}".TrimEnd();
            earlier = at;
        }
        if (before?.Phase != now.Phase || before.Attempt != now.Attempt)
            yield return string.Create(CultureInfo.InvariantCulture, $"phase {now.Phase}, attempt {now.Attempt}");
        if (now.CancelRequested && before is not { CancelRequested: true })
            yield return "cancel requested";
        if (now is { Terminal: false, Progress: { } progress } && !progress.Equals(before?.Progress))
            yield return $"copying {ProgressText.Of(progress)}";
        if (now is { Terminal: false, Queues.Count: > 0 } && Indices(now) is { Length: > 0 } indices && indices != (before is null ? "" : Indices(before)))
            yield return $"queues {indices}";
        if (now.Reason.Length > 0 && now.Reason != before?.Reason)
            yield return $"{(now.Terminal ? "reason" : "waits")}: {now.Reason}";
    }

    /// <summary><c>net0 rx0 1234/1230 tx0 ...</c>: last_avail and used of the newest reading; <c>-</c> where there is none.</summary>
    static string Indices(Migration migration) => string.Join("; ", migration.Queues
        .GroupBy(queue => queue.Device, StringComparer.Ordinal)
        .Select(device => $"{device.Key} {string.Join(' ', device.Select(queue => $"{queue.Name} {Pair(queue.Destination ?? queue.Source)}"))}"));

    static string Pair(QueueRecord? record) => record is null
        ? "-"
        : $"{Number(record.HasLastAvailIdx, record.LastAvailIdx)}/{Number(record.HasUsedIdx, record.UsedIdx)}";

    static string Number(bool known, uint value) => known ? value.ToString(CultureInfo.InvariantCulture) : "-";
}
