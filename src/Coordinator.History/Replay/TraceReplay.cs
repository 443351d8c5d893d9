using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>What may have happened around a trace.</summary>
public sealed record ReplaySettings
{
    /// <summary>
    /// The environment was allowed faults (processes killed, streams broken, stalled or swallowed), so the model's faults may explain the trace. In a calm run only the model's
    /// progress may, and the death of a process that the trace itself shows.
    /// </summary>
    public bool FaultsAllowed { get; init; }

    /// <summary>How far the clocks of the two hosts may differ: so much may an item of one side come before or after its place among the other side's. 0 on one machine.</summary>
    public long ClockSkewMicros { get; init; }

    /// <summary>
    /// How long after the state has changed QEMU may stamp the event of it: the migration thread sets the state and then says so, and may lose the processor in between.
    /// </summary>
    public long EventDelayMicros { get; init; } = 1_000_000;
}

/// <summary>Whether the model explains a trace, and if not, how far it got.</summary>
/// <param name="Explained">Every item has a place in a history of the model.</param>
/// <param name="FinalStates">Of an explained trace: where the pair may be at its end.</param>
/// <param name="Prefix">Of an unexplained one: the longest part that can be explained, in that order.</param>
/// <param name="Unexplained">The item or items (one of each side) that cannot come next.</param>
/// <param name="StatesBefore">Where the pair may be after the prefix.</param>
/// <param name="Configurations">How many were looked at.</param>
public sealed record ReplayResult(
    bool Explained, IReadOnlyList<QemuPair> FinalStates, IReadOnlyList<TraceItem> Prefix, IReadOnlyList<TraceItem> Unexplained, IReadOnlyList<QemuPair> StatesBefore, int Configurations)
{
    public override string ToString() => Explained
        ? $"explained, {Configurations} configurations"
        : $"the model cannot explain {string.Join(" or ", Unexplained)}\nafter\n{string.Join('\n', Prefix.TakeLast(16).Select(item => "    " + item))}\n"
            + $"where the pair may be\n{string.Join('\n', StatesBefore.Take(8).Select(state => "    " + PairText.Of(state)))}";
}

/// <summary>
/// Looks for a history of <see cref="QemuModel"/> that shows a recorded trace: the set of all configurations (state of the pair, place in the trace of either side, commands
/// that were carried out and whose reply is still to come) that agree with the trace so far, followed to its end. Between two items the model may take any number of its own
/// steps. Each side's items keep their own order; the two sides are tied together by their clocks and by the model alone.
/// </summary>
public static class TraceReplay
{
    /// <summary>More than any trace of ours needs; beyond it the trace counts as not explained, and the result shows the figure.</summary>
    public const int ConfigurationsAtMost = 3_000_000;

    /// <summary>Commands that a killed agent may have sent without a record: what it does in one turn.</summary>
    private const int UnrecordedCommandsAtMost = 3;

    /// <param name="initial">Where the pair may be before the first item.</param>
    /// <param name="trace">In any order of the two sides; each side's own items in order.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="sourceArrived">The source itself came by migration: its <c>query-migrate</c> goes on to say <c>completed</c>, of that arrival.</param>
    public static ReplayResult Replay(IEnumerable<QemuPair> initial, IEnumerable<TraceItem> trace, ReplaySettings settings, bool sourceArrived = false)
    {
        TraceItem[] items = [.. trace];
        return new Search(items, settings, sourceArrived).Run(initial);
    }

    private sealed class Search(TraceItem[] items, ReplaySettings settings, bool sourceArrived)
    {
        private readonly SideTrace _source = new(items, Side.Source);
        private readonly SideTrace _destination = new(items, Side.Destination);
        private readonly Dictionary<Configuration, Configuration?> _cameFrom = [];
        private readonly Stack<Configuration> _open = new();
        private readonly Dictionary<QemuPair, IReadOnlyList<(QemuPair Next, bool IsFault)>> _steps = [];

        public ReplayResult Run(IEnumerable<QemuPair> initial)
        {
            foreach (QemuPair pair in initial)
            {
                Add(new Configuration(pair, default, default, []), from: null);
            }

            // Deepest first, because most traces have an explanation; the ends are gathered all, for the attempt that follows.
            List<QemuPair> ends = [];
            int furthest = -1;
            List<Configuration> best = [];
            while (_open.TryPop(out Configuration? at))
            {
                if (at.Source.Consumed == _source.Items.Length && at.Destination.Consumed == _destination.Items.Length)
                {
                    ends.Add(at.Pair);
                }

                int consumed = at.Source.Consumed + at.Destination.Consumed;
                if (consumed > furthest)
                {
                    (furthest, best) = (consumed, []);
                }

                if (consumed == furthest)
                {
                    best.Add(at);
                }

                if (_cameFrom.Count < ConfigurationsAtMost)
                {
                    Expand(at);
                }
            }

            return ends.Count > 0 ? new(true, [.. ends.Distinct()], [], [], [], _cameFrom.Count) : Unexplained(best);
        }

        private ReplayResult Unexplained(List<Configuration> best)
        {
            if (best.Count == 0)
            {
                return new(false, [], [], items.Length == 0 ? [] : [items[0]], [], 0);
            }

            TraceItem[] next = [.. best.SelectMany(at => new[] { Next(_source, at.Source), Next(_destination, at.Destination) }).OfType<TraceItem>().Distinct().OrderBy(item => item.AtMicros).Take(2)];
            return new(false, [], PrefixOf(best[0]), next, [.. best.Select(at => at.Pair).Distinct()], _cameFrom.Count);
        }

        private List<TraceItem> PrefixOf(Configuration at)
        {
            List<TraceItem> prefix = [];
            for (Configuration? after = at; after is not null && _cameFrom[after] is { } before; after = before)
            {
                if (after.Source.Consumed > before.Source.Consumed)
                {
                    prefix.Add(_source.Items[before.Source.Consumed]);
                }
                else if (after.Destination.Consumed > before.Destination.Consumed)
                {
                    prefix.Add(_destination.Items[before.Destination.Consumed]);
                }
            }

            prefix.Reverse();
            return prefix;
        }

        private void Expand(Configuration at)
        {
            long now = Math.Min(Next(_source, at.Source)?.AtMicros ?? long.MaxValue, Next(_destination, at.Destination)?.AtMicros ?? long.MaxValue);
            TakeSteps(at, now);
            foreach (SideTrace side in (ReadOnlySpan<SideTrace>)[_source, _destination])
            {
                CarryOut(at, side, now);
                CarryOutUnrecorded(at, side, now);
                Consume(at, side);
            }
        }

        private void TakeSteps(Configuration at, long now)
        {
            if (!_steps.TryGetValue(at.Pair, out IReadOnlyList<(QemuPair Next, bool IsFault)>? steps))
            {
                _steps.Add(at.Pair, steps = [.. FinerSteps.Of(at.Pair)]);
            }

            // A death counts as no fault here, because its event must then be in the trace.
            foreach ((QemuPair next, bool isFault) in steps)
            {
                if (settings.FaultsAllowed || !isFault)
                {
                    Reach(at, next, at.CarriedOut, now);
                }
            }
        }

        /// <summary>The commands that QEMU may carry out now: of each lane the first one that it has not yet.</summary>
        private void CarryOut(Configuration at, SideTrace side, long now)
        {
            QemuProcess process = at.Pair[side.Side];
            if (!process.Alive)
            {
                return;
            }

            HashSet<string> blocked = new(StringComparer.Ordinal);
            foreach (int number in side.OpenAt(at.Of(side.Side).Consumed))
            {
                if (at.CarriedOut.Contains(number))
                {
                    continue;
                }

                TraceCommand command = side.CommandOf(number);
                if (!blocked.Add(command.Lane) || (process.MonitorBlocked && command.Command?.Kind != QemuCommandKind.Yank))
                {
                    continue;
                }

                EquatableList<int> carriedOut = at.CarriedOut.Append(number).Order().ToEquatableList();
                foreach (QemuPair next in ModelReply.Outcomes(at.Pair, side.Side, command, sourceArrived))
                {
                    Reach(at, next, carriedOut, now);
                }
            }
        }

        private void CarryOutUnrecorded(Configuration at, SideTrace side, long now)
        {
            Place place = at.Of(side.Side);
            if (!side.IsInGap(place.Consumed) || place.Unrecorded >= UnrecordedCommandsAtMost || at.Pair[side.Side] is not { Alive: true, MonitorBlocked: false })
            {
                return;
            }

            foreach (QemuCommand command in ModelReply.Unrecorded)
            {
                foreach (QemuPair next in Qemu.Execute(at.Pair, side.Side, command).Choices)
                {
                    if (next != at.Pair)
                    {
                        Reach(at.With(side.Side, place with { Unrecorded = place.Unrecorded + 1 }), next, at.CarriedOut, now, from: at);
                    }
                }
            }
        }

        private void Consume(Configuration at, SideTrace side)
        {
            Place place = at.Of(side.Side);
            SideTrace other = side == _source ? _destination : _source;
            if (Next(side, place) is not { } item || (Next(other, at.Of(other.Side)) is { } rival && item.AtMicros > rival.AtMicros + settings.ClockSkewMicros))
            {
                return;
            }

            Configuration next = at.With(side.Side, place with { Consumed = place.Consumed + 1 });
            switch (item)
            {
                case TraceItem.Sent or TraceItem.GapBegan:
                    break;
                case TraceItem.GapEnded:
                    next = at.With(side.Side, place with { Consumed = place.Consumed + 1, Unrecorded = 0 });
                    break;
                case TraceItem.Launched launched when !at.Pair.Destination.Alive:
                    next = next with { Pair = Qemu.LaunchDestination(at.Pair, launched.Autostart) };
                    break;
                case TraceItem.Replied replied when at.CarriedOut.Contains(side.NumberOf(replied.Command)):
                    next = next with { CarriedOut = at.CarriedOut.Where(number => number != side.NumberOf(replied.Command)).ToEquatableList() };
                    break;
                case TraceItem.Happened when place.Emitted > side.EventsBefore(place.Consumed):
                    break;
                default:
                    return;
            }

            Add(next, at);
        }

        /// <summary>The model goes to another state; what its monitors say of that must be what the trace says next on either side, and soon.</summary>
        private void Reach(Configuration at, QemuPair next, EquatableList<int> carriedOut, long now, Configuration? from = null)
        {
            Place source = at.Source, destination = at.Destination;
            IReadOnlyList<QemuEvent> events = QemuEvent.Between(at.Pair, next);
            bool isCommanded = carriedOut.Count > at.CarriedOut.Count;
            for (int i = 0; i < events.Count; i++)
            {
                SideTrace side = events[i].Side == Side.Source ? _source : _destination;
                ref Place place = ref (events[i].Side == Side.Source ? ref source : ref destination);
                bool isDying = events[i].Kind == QemuEventKind.ProcessEnded || (i + 1 < events.Count && events[i + 1].Kind == QemuEventKind.ProcessEnded);
                TraceItem.Happened? told = side.Event(place.Emitted);
                if (told?.Event == events[i] && (isDying || told.AtMicros <= now + settings.EventDelayMicros || now == long.MaxValue))
                {
                    place = place with { Emitted = place.Emitted + 1 };
                    continue;
                }

                // Its last word may be lost with the process; and its end may be noticed after the end of the trace, once the trace has shown what it dies of.
                bool lastWordIsLost = isDying && events[i].Kind == QemuEventKind.Migration && told is null or { Event.Kind: QemuEventKind.ProcessEnded };
                bool endIsBeyondTheTrace = (i > 0 || isCommanded) && events[i].Kind == QemuEventKind.ProcessEnded && told is null;
                if (!lastWordIsLost && !endIsBeyondTheTrace)
                {
                    return;
                }
            }

            Add(new Configuration(next, source, destination, carriedOut), from ?? at);
        }

        private void Add(Configuration configuration, Configuration? from)
        {
            if (_cameFrom.TryAdd(configuration, from))
            {
                _open.Push(configuration);
            }
        }

        private static TraceItem? Next(SideTrace side, Place place) => place.Consumed < side.Items.Length ? side.Items[place.Consumed] : null;
    }

    /// <param name="Consumed">Items of this side that have been explained.</param>
    /// <param name="Emitted">Events that the model has made for this side; the trace may still be about to tell the last of them.</param>
    /// <param name="Unrecorded">Commands that were assumed in the gap in which this place is.</param>
    private readonly record struct Place(int Consumed, int Emitted, int Unrecorded);

    /// <param name="Pair">Where the two QEMUs may be.</param>
    /// <param name="Source">In the source's trace.</param>
    /// <param name="Destination">In the destination's trace.</param>
    /// <param name="CarriedOut">Numbers of the commands whose effect has taken place and whose reply has not been read, or never will be.</param>
    private sealed record Configuration(QemuPair Pair, Place Source, Place Destination, EquatableList<int> CarriedOut)
    {
        public Place Of(Side side) => side == Side.Source ? Source : Destination;

        public Configuration With(Side side, Place place) => side == Side.Source ? this with { Source = place } : this with { Destination = place };
    }
}
