namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// Index of a split ring: it counts on for ever modulo 65536 and is not reduced by the ring size. It deliberately has no order: at a million packets a second it
/// comes round every 65 ms, so two samples are never ordered by their raw values; only distances on the circle mean anything.
/// </summary>
public readonly record struct FreeRunningIndex(ushort Value)
{
    public const int Modulus = 65536;

    /// <summary>Steps from <paramref name="from"/> forward to <paramref name="to"/>, 0..65535.</summary>
    public static ushort Distance(FreeRunningIndex from, FreeRunningIndex to) => unchecked((ushort)(to.Value - from.Value));

    public FreeRunningIndex Advance(int entries) => new(unchecked((ushort)(Value + entries)));

    public FreeRunningIndex Rewind(int entries) => new(unchecked((ushort)(Value - entries)));

    public override string ToString() => $"0x{Value:x}";
}
