using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

namespace Coordinator.Search;

/// <summary>The source agent: what is on its disk, and, while it lives, what it holds in memory.</summary>
public sealed record SourceAgent(bool Alive, CommandFloor Floor, SourceHandoff Handoff);

/// <summary>The destination agent with its register. <paramref name="Store"/> changes when its state is wiped.</summary>
public sealed record DestinationAgent(bool Alive, CommandFloor Floor, DestinationHandoff Handoff, StoreInstanceId Store);

/// <summary>A coordinator's command under way to an agent; what was sent stays deliverable for ever, and any number of times.</summary>
public sealed record Command(Epoch Epoch, IncarnationId Incarnation, VmEffect Effect);

[Flags]
public enum Happened
{
    None = 0,
    SourceHostLost = 1,
    DestinationHostLost = 2,
    SourceQemuDied = 4,
    DestinationQemuDied = 8,
    CancelAsked = 16,
    StateWiped = 32,
    CancelAnswered = 64,

    // Kinds of faults, kept only on demand: worlds that differ in nothing but their past are then two.
    ConnectionFailed = 1 << 8,
    SentIntoBuffer = 1 << 9,
    LockReleasedStalled = 1 << 10,
    StayedWithoutImages = 1 << 11,
    LoadedOtherRings = 1 << 12,
    LoadFailed = 1 << 13,
    StreamBroke = 1 << 14,
    StreamStalled = 1 << 15,
    TailLost = 1 << 16,
    AcknowledgementLost = 1 << 17,
    SourceAgentCrashed = 1 << 18,
    DestinationAgentCrashed = 1 << 19,
    ContinueFailed = 1 << 20,
}

/// <summary>One state of everything. Components are interned, so a state is a handful of numbers and exploring tens of millions of them is cheap.</summary>
public readonly record struct World(
    int Journal, int First, int Second, int Source, int Destination, int Pair, int Sent, int Replies, Happened Happened);

/// <summary>Numbers for values: equal values get equal numbers.</summary>
public sealed class Interner<T>
    where T : notnull
{
    private readonly Dictionary<T, int> _numbers = [];
    private readonly List<T> _values = [];

    public int Count => _values.Count;

    public T this[int number] => _values[number];

    public int Of(T value)
    {
        if (!_numbers.TryGetValue(value, out int number))
        {
            number = _values.Count;
            _numbers.Add(value, number);
            _values.Add(value);
        }

        return number;
    }
}

/// <summary>Immutable sets of small numbers, themselves interned.</summary>
public sealed class SetInterner
{
    private readonly Interner<EquatableList<int>> _sets = new();
    private readonly Dictionary<(int Set, int Member), int> _added = [];

    public SetInterner() => _sets.Of([]);

    public EquatableList<int> this[int set] => _sets[set];

    public int Add(int set, int member)
    {
        if (!_added.TryGetValue((set, member), out int next))
        {
            EquatableList<int> members = _sets[set];
            next = members.Contains(member) ? set : _sets.Of(members.Append(member).Order().ToEquatableList());
            _added.Add((set, member), next);
        }

        return next;
    }

    public int Union(int set, int other)
    {
        int union = set;
        foreach (int member in _sets[other])
        {
            union = Add(union, member);
        }

        return union;
    }
}
