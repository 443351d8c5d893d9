namespace Coordinator.Lab.Evidence;

/// <summary>An interval on <see cref="LabPeer.MonotonicClock"/> in which datagrams may be lost.</summary>
public readonly record struct BlackoutWindow(long FromNs, long ToNs)
{
    /// <summary>Datagrams travel, and one lost shows only at the next arrival.</summary>
    public const int SlackMs = 250;

    /// <summary>
    /// What was sent to the guest this long before the source stopped may be lost with it: it lay in the source's tap, which holds 1000 frames, a second of what the peer sends. A
    /// guest that gets its CPU leaves nothing there; on a busy machine one was seen 70 datagrams behind, which is 280 ms.
    /// </summary>
    public const int TapQueueMs = 1_000;

    /// <param name="loss">From the first to the last of them.</param>
    /// <param name="beforeMs">How much earlier than the blackout it may begin.</param>
    public bool Covers(LabPeer.LossSpan loss, int beforeMs = SlackMs) =>
        loss.FromNs >= FromNs - beforeMs * 1_000_000L && loss.ToNs <= ToNs + SlackMs * 1_000_000L;
}
