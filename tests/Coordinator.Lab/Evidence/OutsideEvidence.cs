using Coordinator.Lab.GuestConsole;
using Coordinator.Lab.Network;
using Coordinator.LabPeer;

namespace Coordinator.Lab.Evidence;

/// <summary>
/// Judges a guest from outside, with nothing that QEMU, the agents or the coordinator say about it: its console and its traffic.
/// </summary>
public sealed class OutsideEvidence : IAsyncDisposable
{
    readonly PeerProcess peer;

    OutsideEvidence(ConsoleLogs console, PeerProcess peer)
    {
        Console = console;
        this.peer = peer;
    }

    public ConsoleLogs Console { get; }

    /// <param name="flows">As many as the guest has queue pairs; four times as many if it has fewer vCPUs than pairs.</param>
    public static async Task<OutsideEvidence> Start(
        LabNetwork network, int flows, IEnumerable<string> consoleLogs, int guest = 0, int datagramsPerSec = 250, CancellationToken cancellation = default)
    {
        var options = new PeerOptions(LabNetwork.PeerAddress, LabNetwork.GuestAddress(guest), flows, datagramsPerSec);
        return new(new ConsoleLogs(consoleLogs), await PeerProcess.Start(network, options, cancellation));
    }

    public async Task<OutsideReport> Report(CancellationToken cancellation = default) => new(Console.Read(), await peer.Report(cancellation));

    public ValueTask DisposeAsync() => peer.DisposeAsync();
}

public sealed record OutsideReport(ConsoleReport Console, PeerReport Peer)
{
    /// <summary>
    /// Everything that speaks against "same boot, next tick, no corrupt page, datagrams lost only in the blackouts, none of the guest's twice"; empty when all is well.
    /// Losses before <paramref name="sinceNs"/> (while the guest booted) are passed over.
    /// </summary>
    public IReadOnlyList<string> Complaints(IReadOnlyCollection<BlackoutWindow> blackouts, long sinceNs = 0)
    {
        var complaints = Console.Findings.Select(finding => finding.ToString()).ToList();
        if (Console.Ticks == 0)
            complaints.Add("the guest never ticked");
        foreach (var flow in Peer.FromGuest)
        {
            if (flow.Received == 0)
                complaints.Add($"flow {flow.Flow}: nothing came from the guest");
            if (flow.Boots > 1)
                complaints.Add($"flow {flow.Flow}: {flow.Boots} boots");
            if (flow.Repeated > 0)
                complaints.Add($"flow {flow.Flow}: {flow.Repeated} datagrams came twice: {string.Join(", ", flow.Repetitions.Take(10).Select(again => $"{again.Sequence} after {again.Highest}"))}");
            complaints.AddRange(Unexplained(flow.Losses, "from the guest", flow.Flow, BlackoutWindow.SlackMs));
        }
        foreach (var flow in Peer.RoundTrips)
        {
            if (flow.Sent > 0 && flow.Returned == 0)
                complaints.Add($"flow {flow.Flow}: the guest echoed nothing");
            if (flow.Repeated > 0)
                complaints.Add($"flow {flow.Flow}: {flow.Repeated} echoes came twice");
            complaints.AddRange(Unexplained(flow.Losses, "to the guest or back", flow.Flow, BlackoutWindow.TapQueueMs));
        }
        return complaints;

        IEnumerable<string> Unexplained(IEnumerable<LossSpan> losses, string direction, int flow, int beforeMs) =>
            from loss in losses
            where loss.ToNs >= sinceNs && !blackouts.Any(window => window.Covers(loss, beforeMs))
            select $"flow {flow}: {loss.Count} datagrams {direction} lost outside every blackout, from number {loss.FirstSequence} on";
    }

    public override string ToString() =>
        $"{Console}; from the guest {Peer.FromGuest.Sum(flow => flow.Received)} datagrams, {Peer.LostFromGuest} lost; "
        + $"echoed by it {Peer.RoundTrips.Sum(flow => flow.Returned)}, {Peer.LostRoundTrips} lost; longest silence {Peer.LargestGapMs:0.0} ms";
}
