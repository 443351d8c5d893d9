using Coordinator.Lab;
using Coordinator.Lab.Evidence;
using Coordinator.LabPeer;

namespace Coordinator.Demo;

/// <summary>
/// Waits for traffic as the guest's peer sees it. Each datagram of the guest that arrives and each echo that comes back used tx queue i once, and each answer of the
/// peer and each of its own used rx queue i once, so these counts are what the queues' indices move by.
/// </summary>
internal sealed class GuestTraffic(OutsideEvidence evidence, int flows)
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <returns>The peer's report at which each flow had moved by that many.</returns>
    public async Task<PeerReport> MoveBy(int datagrams, CancellationToken cancellation)
    {
        var first = Counts((await evidence.Report(cancellation)).Peer);
        long[] moved = [];
        return await Eventually.Becomes(async () =>
        {
            var report = (await evidence.Report(cancellation)).Peer;
            moved = [.. Counts(report).Zip(first, (now, before) => now - before)];
            return moved.Length == flows && moved.All(by => by >= datagrams) ? report : null;
        }, s_limit, $"every flow of the guest to carry {datagrams} datagrams", () => string.Join(' ', moved), cancellation);
    }

    long[] Counts(PeerReport report) =>
        [.. Enumerable.Range(0, flows).Select(flow => report.FromGuest.Where(one => one.Flow == flow).Sum(one => one.Received) + report.RoundTrips.Where(one => one.Flow == flow).Sum(one => one.Returned))];
}
