using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Coordinator.Search;

/// <summary>What a search came to.</summary>
/// <param name="Violation">Null when nothing was found.</param>
/// <param name="Trace">The shortest way there, one step a line, in the number of faults first.</param>
public sealed record SearchResult(string? Violation, IReadOnlyList<string> Trace, int States, long Transitions, IReadOnlyList<int> StatesByFaults, int GoodEnds, string Components, bool Complete, TimeSpan Elapsed)
{
    /// <summary>What the states come to in which nothing but a fault can happen any more, each with the fewest faults that lead to it.</summary>
    public IReadOnlyDictionary<Outcome, int> Outcomes { get; init; } = new Dictionary<Outcome, int>();

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{States} states, {Transitions} transitions, by faults [{string.Join(", ", StatesByFaults)}], {GoodEnds} good ends, {Components}, ");
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{(Complete ? "complete" : "NOT complete")}, {Elapsed.TotalSeconds:F1} s");
        if (Violation is not null)
        {
            text.AppendLine().Append("VIOLATION: ").Append(Violation);
            foreach (string step in Trace)
            {
                text.AppendLine().Append("  ").Append(step);
            }
        }

        return text.ToString();
    }
}

/// <summary>
/// Breadth-first over faults: everything reachable with no fault, then with one, then with two ... so each state is met with as few faults as it needs, and a violation
/// is shown on a path with the fewest.
/// </summary>
public sealed class Explorer
{
    private readonly Moves _moves;
    private readonly Properties _properties;
    private readonly SearchOptions _options;
    private readonly Dictionary<World, int> _numbers = [];
    private readonly List<World> _worlds = [];
    private readonly List<int> _parents = [];

    /// <summary>Edges that are no faults, as (from, to), for the check that every state can still end well.</summary>
    private readonly List<int> _from = [];
    private readonly List<int> _to = [];

    private readonly Dictionary<Outcome, int> _outcomes = [];

    private Explorer(ProtocolRules rules, SearchOptions options)
    {
        _moves = new Moves(rules, options);
        _properties = new Properties(_moves, options);
        _options = options;
    }

    public static SearchResult Run(ProtocolRules rules, SearchOptions options) => new Explorer(rules, options).Run();

    private SearchResult Run()
    {
        Stopwatch clock = Stopwatch.StartNew();
        long transitions = 0;
        List<int> byFaults = [];
        List<int> frontier = [];
        string? violation = null;
        int culprit = -1;
        Add(_moves.Start(), parent: -1, frontier);
        bool complete = true;
        for (int faults = 0; faults <= _options.Faults && violation is null && complete; faults++)
        {
            List<int> next = [];
            _moves.WithFaults = faults < _options.Faults;
            int before = _worlds.Count - frontier.Count;
            for (int i = 0; i < frontier.Count && violation is null; i++)
            {
                int number = frontier[i];
                World world = _worlds[number];
                bool atRest = true;
                try
                {
                    _moves.From(world, (to, _, isFault) =>
                    {
                        transitions++;
                        atRest &= isFault || to == world;
                        if (to == world || (isFault && faults == _options.Faults))
                        {
                            return;
                        }

                        int reached = Add(to, number, isFault ? next : frontier);
                        if (!isFault && _options.Liveness)
                        {
                            _from.Add(number);
                            _to.Add(reached);
                        }
                    });
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    violation = e is ViolationException ? e.Message : $"a defect: {e.GetType().Name}: {e.Message}";
                    culprit = number;
                }

                if (atRest)
                {
                    _outcomes.TryAdd(Outcome.Of(_moves, world), faults);
                }

                if (violation is null && _properties.Violation(world) is { } broken)
                {
                    violation = broken;
                    culprit = number;
                }

                if (_worlds.Count > _options.MaxStates)
                {
                    complete = false;
                    break;
                }
            }

            byFaults.Add(_worlds.Count - before - next.Count);
            frontier = next;
        }

        int good = 0;
        if (violation is null && complete && _options.Liveness)
        {
            (int stuck, good) = FindStuck();
            if (stuck >= 0)
            {
                violation = "from here no good end can be reached any more, even if nothing else fails: " + Describe(_worlds[stuck]);
                culprit = stuck;
            }
        }

        return new SearchResult(violation, TraceTo(culprit), _worlds.Count, transitions, byFaults, good, _moves.Components, complete, clock.Elapsed) { Outcomes = _outcomes };
    }

    private int Add(World world, int parent, List<int> queue)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, world, out bool known);
        if (!known)
        {
            number = _worlds.Count;
            _worlds.Add(world);
            _parents.Add(parent);
            queue.Add(number);
        }

        return number;
    }

    /// <summary>Backwards from the good ends over fault-free edges; returns the first state that is not reached, or -1.</summary>
    private (int Stuck, int Good) FindStuck()
    {
        int count = _worlds.Count;
        int[] start = new int[count + 1];
        foreach (int to in _to)
        {
            start[to + 1]++;
        }

        for (int i = 0; i < count; i++)
        {
            start[i + 1] += start[i];
        }

        int[] fill = start[..count];
        int[] sources = new int[_to.Count];
        for (int edge = 0; edge < _to.Count; edge++)
        {
            sources[fill[_to[edge]]++] = _from[edge];
        }

        bool[] ends = new bool[count];
        Stack<int> work = new();
        int good = 0;
        for (int i = 0; i < count; i++)
        {
            if (_properties.IsGoodEnd(_worlds[i]))
            {
                good++;
                ends[i] = true;
                work.Push(i);
            }
        }

        while (work.TryPop(out int at))
        {
            for (int k = start[at]; k < start[at + 1]; k++)
            {
                if (!ends[sources[k]])
                {
                    ends[sources[k]] = true;
                    work.Push(sources[k]);
                }
            }
        }

        return (Array.IndexOf(ends, value: false), good);
    }

    /// <summary>Steps have no names while exploring; those on the way are made once more, with names.</summary>
    private List<string> TraceTo(int number)
    {
        _moves.TellsNames = true;
        _moves.WithFaults = true;
        List<string> trace = [];
        for (int at = number; at >= 0 && _parents[at] >= 0; at = _parents[at])
        {
            string? step = null;
            World to = _worlds[at];
            try
            {
                _moves.From(_worlds[_parents[at]], (next, name, _) => step ??= next == to ? name : null);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                step ??= e.Message;
            }

            trace.Add(step ?? "?");
        }

        trace.Reverse();
        return trace;
    }

    private string Describe(World world) =>
        $"{_moves.Journals[world.Journal].Migration!.Phase}, source {_moves.Sources[world.Source].Handoff.Stage}, destination {_moves.Destinations[world.Destination].Handoff.Stage}, "
        + $"QEMU {_moves.Pairs[world.Pair].Source.Run}/{_moves.Pairs[world.Pair].Source.Status} and {_moves.Pairs[world.Pair].Destination.Run}/{_moves.Pairs[world.Pair].Destination.Status}, {world.Happened}, owed {_moves.Journals[world.Journal].Owed}";
}
