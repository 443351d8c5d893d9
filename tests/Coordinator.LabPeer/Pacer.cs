namespace Coordinator.LabPeer;

/// <summary>Sends on all flows at the asked rate. After a delay at most <see cref="BurstLimit"/> rounds are made up for; more would only overflow queues and be counted as loss.</summary>
sealed class Pacer(IReadOnlyList<PeerFlow> flows, int datagramsPerSec)
{
    const int BurstLimit = 32;

    public void Run()
    {
        var periodNs = 1_000_000_000L / datagramsPerSec;
        var nextNs = MonotonicClock.NowNs;
        while (true)
        {
            var nowNs = MonotonicClock.NowNs;
            nextNs = Math.Max(nextNs, nowNs - BurstLimit * periodNs);
            for (; nextNs <= nowNs; nextNs += periodNs)
                foreach (var flow in flows)
                    flow.SendNext();
            var waitMs = (nextNs - MonotonicClock.NowNs) / 1e6;
            if (waitMs > 0)
                Thread.Sleep(TimeSpan.FromMilliseconds(Math.Max(1, waitMs)));
        }
    }
}
