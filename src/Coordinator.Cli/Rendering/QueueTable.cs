using System.Globalization;
using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>Ring by ring: what the source had when it stopped, what the destination had before it ran, and what follows.</summary>
internal static class QueueTable
{
    /// <summary>For a migration whose switchover is over.</summary>
    public static IRenderable Judged(IEnumerable<Queue> queues)
    {
        var table = Columns.Of("DEVICE", "QUEUE", ">SIZE", "SOURCE FINAL", "DESTINATION FIRST", "VERDICT", "THEN");
        List<IRenderable> below = [Tone.Dim("records are last_avail/used, and how many are in flight; THEN is what the queue did after RESUME")];
        foreach (var queue in queues)
        {
            table.Add(
                queue.Device, queue.Name, SizeOf(queue), RecordText(queue.Source), RecordText(queue.Destination),
                Tone.Outcome(queue.Outcome, queue.Outcome.Length > 0 ? queue.Outcome : "-"), queue.Progress.Length > 0 ? queue.Progress : "-");
            if (queue.Outcome.Length > 0 && !IsAsItShouldBe(queue))
                below.Add(Tone.Warning(queue.Reason.Length > 0 ? queue.Reason : $"{queue.Device} {queue.Name}: {VerdictText(queue)}"));
        }
        return new Rows([table, .. below]);
    }

    /// <summary>Its reason would only repeat the row. Whatever else happened is worth its sentence.</summary>
    static bool IsAsItShouldBe(Queue queue) => queue.Outcome == "Equal" && queue.Progress is "Progressed" or "Idle" or "";

    /// <summary>For one under way: the indices as they move.</summary>
    public static IRenderable Moving(IEnumerable<Queue> queues)
    {
        var table = Columns.Of("DEVICE", "QUEUE", ">SIZE", ">AVAIL", ">USED", ">INFLIGHT", "READ", "STATE");
        foreach (var queue in queues)
        {
            var record = queue.Destination ?? queue.Source;
            table.Add(
                queue.Device, queue.Name, SizeOf(queue), Index(record is { HasLastAvailIdx: true }, record?.LastAvailIdx), Index(record is { HasUsedIdx: true }, record?.UsedIdx),
                Index(record is { HasInflight: true }, record?.Inflight), record is null ? "-" : $"{record.Kind} at {(queue.Destination is null ? "source" : "destination")}",
                queue.Outcome.Length > 0 ? Tone.Outcome(queue.Outcome, VerdictText(queue)) : queue.Readiness);
        }
        return table.WithSentences();
    }

    /// <summary><c>51234/51230+4</c>: last_avail, used, in flight; <c>-</c> for what QMP does not show; a kind other than Final stands behind.</summary>
    public static string RecordText(QueueRecord? record)
    {
        if (record is null)
            return "-";
        var kind = record.Kind == "Final" ? "" : $" ({record.Kind})";
        return record is { HasLastAvailIdx: false, HasUsedIdx: false }
            ? $"not shown{kind}"
            : $"{Index(record.HasLastAvailIdx, record.LastAvailIdx)}/{Index(record.HasUsedIdx, record.UsedIdx)}{(record.HasInflight ? $"+{Number(record.Inflight)}" : "")}{kind}";
    }

    /// <summary>The outcome, with the delta in QEMU's own wording where there is one.</summary>
    public static string VerdictText(Queue queue) => (queue.Outcome.Length > 0, queue.HasDelta) switch
    {
        (false, _) => "-",
        (true, true) => string.Create(CultureInfo.InvariantCulture, $"{queue.Outcome} delta 0x{queue.Delta:x}"),
        _ => queue.Outcome,
    };

    static string SizeOf(Queue queue) => (queue.Source ?? queue.Destination) is { Size: > 0 } record ? Number(record.Size) : "-";

    static string Index(bool known, uint? value) => known ? Number(value!.Value) : "-";

    static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
