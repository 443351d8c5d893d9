using System.Collections;
using System.Runtime.CompilerServices;

namespace Coordinator.Domain;

/// <summary>
/// Immutable list that compares by its elements, so that records holding one keep value equality. Written by hand because <c>ImmutableArray</c> and
/// <c>ImmutableList</c> compare by reference and no collection of .NET compares by value. The hash is computed once: exhaustive search hashes states all the time.
/// Elements must be immutable themselves. Built by a collection expression: <c>EquatableList&lt;int&gt; x = [1, 2];</c>
/// </summary>
[CollectionBuilder(typeof(EquatableList), nameof(EquatableList.Create))]
public sealed class EquatableList<T> : IReadOnlyList<T>, IEquatable<EquatableList<T>>
{
    private readonly T[] _items;
    private int _hash;

    /// <summary>Takes ownership of <paramref name="items"/>: callers in this assembly never keep a reference to it.</summary>
    internal EquatableList(T[] items) => _items = items;

    public int Count => _items.Length;

    public bool IsEmpty => _items.Length == 0;

    public T this[int index] => _items[index];

    public ReadOnlySpan<T> AsSpan() => _items;

    public EquatableList<T> Add(T item) => new([.. _items, item]);

    public EquatableList<T> AddRange(IEnumerable<T> items) => new([.. _items, .. items]);

    /// <exception cref="ArgumentOutOfRangeException">No element has this index.</exception>
    public EquatableList<T> SetItem(int index, T item)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _items.Length);
        T[] copy = [.. _items];
        copy[index] = item;
        return new EquatableList<T>(copy);
    }

    public bool Equals(EquatableList<T>? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        return other is not null && _items.Length == other._items.Length && GetHashCode() == other.GetHashCode() && AsSpan().SequenceEqual(other.AsSpan());
    }

    public override bool Equals(object? obj) => Equals(obj as EquatableList<T>);

    public override int GetHashCode()
    {
        // 0 means "not computed yet"; two threads may both compute it and write the same value.
        if (_hash == 0)
        {
            HashCode hash = new();
            foreach (T item in _items)
            {
                hash.Add(item);
            }

            int value = hash.ToHashCode();
            _hash = value == 0 ? 1 : value;
        }

        return _hash;
    }

    public static bool operator ==(EquatableList<T>? left, EquatableList<T>? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(EquatableList<T>? left, EquatableList<T>? right) => !(left == right);

    /// <summary>The elements, so that records which hold a list print what they hold.</summary>
    public override string ToString() => $"[{string.Join(", ", _items)}]";

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}

public static class EquatableList
{
    public static EquatableList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? Empty<T>() : new EquatableList<T>(items.ToArray());

    public static EquatableList<T> Empty<T>() => Cache<T>.Empty;

    public static EquatableList<T> ToEquatableList<T>(this IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items is EquatableList<T> list)
        {
            return list;
        }

        T[] copy = items.ToArray();
        return copy.Length == 0 ? Empty<T>() : new EquatableList<T>(copy);
    }

    private static class Cache<T>
    {
        internal static readonly EquatableList<T> Empty = new([]);
    }
}
