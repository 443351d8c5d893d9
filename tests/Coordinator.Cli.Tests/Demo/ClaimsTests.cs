using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Coordinator.Demo;
using Xunit;

namespace Coordinator.Cli.Tests.Demo;

/// <summary>The demo's claims must be able to fail.</summary>
public sealed class ClaimsTests
{
    [Fact]
    public void Claims_GoodHops_AllHold() => Assert.All(Claims.Of([Samples.Succeeded(), Later(1000)]), claim => Assert.True(claim.Holds, claim.Text));

    [Fact]
    public void Claims_QueueThatMovedTooLittle_Fails() => FailsOnly(Later(999), "data queues had moved by rx0 999");

    [Fact]
    public void Claims_IndexThatWrapped_CountsModulo65536() => Assert.All(Claims.Of([Samples.Succeeded(), Later(65_000)]), claim => Assert.True(claim.Holds, claim.Text));

    [Fact]
    public void Claims_UnverifiedHop_Fails()
    {
        var suspect = Later(1000);
        suspect.Verdict = "Suspect";

        FailsOnly(suspect, "Succeeded, Suspect");
    }

    [Fact]
    public void Claims_QueueThatIsNotEqual_Fails()
    {
        var hop = Later(1000);
        hop.Queues[2].Outcome = "Unchecked";

        FailsOnly(hop, "4 of 5 virtqueues equal");
    }

    [Fact]
    public void Claims_NoBlackout_Fails()
    {
        var hop = Later(1000);
        hop.Blackout = null;

        FailsOnly(hop, "no blackout was measured");
    }

    [Fact]
    public void BlackoutMoments_Window_HoldsTheMeasuredBlackout()
    {
        var window = BlackoutMoments.Of(Samples.Succeeded());

        Assert.InRange((window.ToNs - window.FromNs) / 1_000_000.0, 119.06, 178.01);
    }

    static void FailsOnly(Migration second, string part)
    {
        var failed = Assert.Single(Claims.Of([Samples.Succeeded(), second]), claim => !claim.Holds);
        Assert.Contains(part, failed.Text, StringComparison.Ordinal);
    }

    static Migration Later(int moved)
    {
        var hop = Samples.Succeeded();
        foreach (var record in hop.Queues.SelectMany(queue => new[] { queue.Source, queue.Destination }))
            (record.LastAvailIdx, record.UsedIdx) = ((ushort)(record.LastAvailIdx + moved), (ushort)(record.UsedIdx + moved));
        return hop;
    }
}
