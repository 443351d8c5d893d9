using System.Globalization;

namespace Coordinator.Agent.Configuration;

/// <summary>TCP ports, both ends included. <see cref="Any"/> (written 0) leaves the choice to the kernel.</summary>
public readonly record struct PortRange(int First, int Last)
{
    public static readonly PortRange Any = new(0, 0);

    public bool IsAny => First == 0;

    public int Count => IsAny ? 0 : Last - First + 1;

    /// <summary>
    /// Every port once, beginning somewhere in the range: two agents that share an address then rarely try the same port first. Empty for <see
    /// cref="Any"/>.
    /// </summary>
    public IEnumerable<int> InTurn(int start)
    {
        var (first, count) = (First, Count);
        var offset = count == 0 ? 0 : (int)((uint)start % (uint)count);
        return Enumerable.Range(0, count).Select(i => first + ((offset + i) % count));
    }

    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
