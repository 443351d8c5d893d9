namespace Coordinator.Lab.Evidence;

/// <summary>An interval on <see cref="LabPeer.MonotonicClock"/> in which datagrams may be lost.</summary>
public readonly record struct BlackoutWindow(long FromNs, long ToNs)
{
    /// <summary>
    /// Datagrams travel and queue: one sent up to this long before the source stopped may be lost with it, and one lost shows only at the next arrival.
    /// A tap's queue holds 1000 frames, at 1000 frames per second that is a second, but measured losses lie within some 100 ms.
    /// </summary>
    public const int SlackMs = 250;

    public bool Covers(LabPeer.LossSpan loss) =>
        loss.FromNs >= FromNs - SlackMs * 1_000_000L && loss.ToNs <= ToNs + SlackMs * 1_000_000L;
}
