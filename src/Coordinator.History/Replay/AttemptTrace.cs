using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>
/// What a history says about the two QEMUs of one attempt, from the launch of its destination (the first one: from the beginning) until that of the next attempt's.
/// </summary>
/// <param name="Source">Null when nobody ran before.</param>
/// <param name="Destination">Null when the VM was never migrated.</param>
/// <param name="SourceWasLaunchedHere">The history has the launch of the source itself, so that it begins before its first run.</param>
/// <param name="SourceArrived">The source was the destination of an attempt before.</param>
public sealed record AttemptTrace(
    VmName Vm, Copy? Source, Copy? Destination, bool SourceWasLaunchedHere, bool SourceArrived, IReadOnlyList<TraceItem> Items)
{
    /// <summary>In order of time.</summary>
    public static IReadOnlyList<AttemptTrace> Of(VmName vm, IReadOnlyList<HistoryRecord> history)
    {
        VmRecord[] records = [.. history.OfType<VmRecord>().Where(record => record.Vm == vm)];
        QemuLaunched[] launches = [.. records.OfType<QemuLaunched>().GroupBy(launch => launch.Copy).Select(seen => seen.OrderBy(launch => !launch.ByObserver).First()).OrderBy(launch => launch.AtMicros)];
        QemuLaunched[] arrivals = [.. launches.Where(launch => launch.Incoming)];
        IReadOnlyList<Gap> gaps = Gap.Of(history);
        List<AttemptTrace> traces = [];
        for (int i = 0; i < Math.Max(1, arrivals.Length); i++)
        {
            long from = i == 0 ? long.MinValue : arrivals[i].AtMicros, until = i + 1 < arrivals.Length ? arrivals[i + 1].AtMicros : long.MaxValue;
            Copy? destination = arrivals.Length == 0 ? null : arrivals[i].Copy;
            Copy? source = SourceOf(records, launches, destination, arrivals.Length == 0 ? long.MaxValue : arrivals[i].AtMicros, until);
            List<TraceItem> items = [];
            foreach ((Copy? copy, Side side) in new[] { (source, Side.Source), (destination, Side.Destination) })
            {
                if (copy is not null)
                {
                    items.AddRange(ItemsOf([.. records.Where(record => record.AtMicros >= from && record.AtMicros < until)], copy, side, gaps));
                }
            }

            bool launchedHere = launches.Any(launch => launch.Copy == source && !launch.Incoming);
            traces.Add(new(vm, source, destination, launchedHere, arrivals.Take(i).Any(arrival => arrival.Copy == source), [.. items.OrderBy(item => item.AtMicros)]));
        }

        return traces;
    }

    /// <summary>The copy that was told to migrate while this destination was the newest; else the one that ran last before it was launched, or was launched first.</summary>
    private static Copy? SourceOf(VmRecord[] records, QemuLaunched[] launches, Copy? destination, long launched, long until) =>
        records.OfType<CommandSent>().FirstOrDefault(sent => sent.Name == "migrate" && sent.AtMicros >= launched && sent.AtMicros < until && sent.Copy != destination)?.Copy
        ?? records.OfType<EventSeen>().LastOrDefault(seen => seen.Name == "RESUME" && seen.AtMicros < launched && seen.Copy != destination)?.Copy
        ?? launches.FirstOrDefault(launch => launch.Copy != destination && !launch.Incoming)?.Copy;

    private static IEnumerable<TraceItem> ItemsOf(VmRecord[] records, Copy copy, Side side, IReadOnlyList<Gap> gaps)
    {
        Dictionary<string, CommandReplied> replies = new(StringComparer.Ordinal);
        foreach (CommandReplied replied in records.OfType<CommandReplied>().Where(replied => replied.Copy == copy))
        {
            replies[replied.Operation] = replied;
        }

        // The observer misses no process. Events have QEMU's own time, so each is the same one whoever heard it: an agent may have been disconnected or dead, and QEMU tells a
        // monitor nothing before the observer's first word has been answered.
        bool isObserved = records.Any(record => record is EventSeen { ByObserver: true } seen && seen.Copy == copy)
            || records.Any(record => record is QemuLaunched { ByObserver: true } launched && launched.Copy == copy);
        HashSet<(long, string, string?)> told = [];
        bool hasLaunched = false, hasEnded = false;
        foreach (VmRecord record in records)
        {
            switch (record)
            {
                case CommandSent sent when sent.Copy == copy:
                    foreach (TraceItem item in Command(sent, replies.GetValueOrDefault(sent.Operation), side))
                    {
                        yield return item;
                    }

                    break;
                case EventSeen seen when seen.Copy == copy && told.Add((seen.AtMicros, seen.Name, seen.Status)):
                    yield return new TraceItem.Happened(seen.AtMicros, EventOf(seen, side));
                    break;
                case QemuLaunched launched when launched.Copy == copy && launched.ByObserver == isObserved && side == Side.Destination && !hasLaunched:
                    hasLaunched = true;
                    yield return new TraceItem.Launched(launched.AtMicros);
                    break;
                case QemuExited exited when exited.Copy == copy && exited.ByObserver == isObserved && !hasEnded:
                    hasEnded = true;
                    yield return new TraceItem.Happened(exited.AtMicros, new QemuEvent(side, QemuEventKind.ProcessEnded));
                    break;
                default:
                    break;
            }
        }

        foreach (Gap gap in gaps.Where(gap => gap.Host == copy.Host))
        {
            yield return new TraceItem.GapBegan(gap.FromMicros, side);
            yield return new TraceItem.GapEnded(gap.UntilMicros, side);
        }
    }

    private static IEnumerable<TraceItem> Command(CommandSent sent, CommandReplied? replied, Side side)
    {
        TraceReply? reply = replied is null
            ? null
            : new TraceReply(replied.Error, replied.Run is { } run ? RunStateWords.Parse(run) : null, replied.Status is { } status ? MigrationStatusWords.Parse(status) : null);
        if (TraceCommands.Of(sent.Name, sent.Arguments, sent.Lane, reply) is { } command)
        {
            yield return new TraceItem.Sent(sent.AtMicros, side, command);
            if (replied is not null)
            {
                yield return new TraceItem.Replied(replied.AtMicros, side, command);
            }
        }
    }

    private static QemuEvent EventOf(EventSeen seen, Side side) => seen.Name switch
    {
        "STOP" => new(side, QemuEventKind.Stop),
        "RESUME" => new(side, QemuEventKind.Resume),
        "MIGRATION" => new(side, QemuEventKind.Migration, MigrationStatusWords.Parse(seen.Status)),
        _ => throw new FormatException($"no event of a trace: {seen.Name}"),
    };

    /// <summary>From the last record of a life of an agent that did not end in order until the next life begins: what it sent last may not be on record.</summary>
    private sealed record Gap(HostName Host, long FromMicros, long UntilMicros)
    {
        internal static IReadOnlyList<Gap> Of(IReadOnlyList<HistoryRecord> history)
        {
            WriterBegan[] lives = [.. history.OfType<WriterBegan>().Where(life => life.Host is not null)];
            HashSet<string> ended = [.. history.OfType<WriterEnded>().Select(end => end.Writer)];
            List<Gap> gaps = [];
            foreach (WriterBegan life in lives.Where(life => !ended.Contains(life.Writer)))
            {
                string own = life.Writer + ".";
                long last = history.Where(record => Operation(record)?.StartsWith(own, StringComparison.Ordinal) == true).Select(record => record.AtMicros).DefaultIfEmpty(life.AtMicros).Max();
                long next = lives.FirstOrDefault(other => other.Host == life.Host && other.AtMicros > life.AtMicros)?.AtMicros ?? long.MaxValue;
                gaps.Add(new(life.Host!, last, next));
            }

            return gaps;
        }

        private static string? Operation(HistoryRecord record) => record switch
        {
            CommandSent sent => sent.Operation,
            CommandReplied replied => replied.Operation,
            RegisterInvoked invoked => invoked.Operation,
            RegisterAnswered answered => answered.Operation,
            _ => null,
        };
    }
}
