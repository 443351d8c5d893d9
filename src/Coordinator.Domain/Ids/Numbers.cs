namespace Coordinator.Domain;

/// <summary>
/// The number of one attempt to migrate one VM: one <c>migrate</c> to one destination process. Journalled before use, never reused, increasing over the whole life of
/// the VM. 0 means "none yet".
/// </summary>
public readonly record struct AttemptNo(int Value) : IComparable<AttemptNo>
{
    public static readonly AttemptNo None;

    public AttemptNo Next => new(checked(Value + 1));

    public int CompareTo(AttemptNo other) => Value.CompareTo(other.Value);

    public static bool operator <(AttemptNo left, AttemptNo right) => left.Value < right.Value;

    public static bool operator >(AttemptNo left, AttemptNo right) => left.Value > right.Value;

    public static bool operator <=(AttemptNo left, AttemptNo right) => left.Value <= right.Value;

    public static bool operator >=(AttemptNo left, AttemptNo right) => left.Value >= right.Value;

    public static AttemptNo Max(AttemptNo left, AttemptNo right) => left >= right ? left : right;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>
/// The fencing token of one incarnation of a VM's migration actor. Agents keep the greatest one durably and refuse commands with a lower one. 0 means "none seen".
/// </summary>
public readonly record struct Epoch(long Value) : IComparable<Epoch>
{
    public static readonly Epoch None;

    public Epoch Next => new(checked(Value + 1));

    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;

    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;

    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;

    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;

    public static Epoch Max(Epoch left, Epoch right) => left >= right ? left : right;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>One life of a VM's migration actor on one node. Two incarnations never share an id, even when they claim the same epoch.</summary>
public readonly record struct IncarnationId(Guid Value)
{
    public override string ToString() => Value.ToString("N")[..8];
}

/// <summary>One launch of one QEMU process. Destructive commands name it, so that they can never hit a later process.</summary>
public readonly record struct LaunchId(Guid Value)
{
    public static readonly LaunchId None;

    public override string ToString() => Value.ToString("N")[..8];
}

/// <summary>One life of an agent's durable store. A missing or restored store gets a new id and answers <c>unknown</c>: a missing register is not an empty one.</summary>
public readonly record struct StoreInstanceId(Guid Value)
{
    public static readonly StoreInstanceId None;

    public override string ToString() => Value.ToString("N")[..8];
}
