using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>One migration as it should be: states, events and their order, rings.</summary>
public sealed class MigrationConformanceTests
{
    private static readonly string[] s_sourceOrder = ["RESUME", "MIGRATION setup", "MIGRATION active", "STOP", "MIGRATION pre-switchover", "MIGRATION device", "MIGRATION completed"];

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Migration_WithPauseAndReturnPath_HasTheMeasuredEventsAndEnds(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CompletedAsync();

        await pair.Source.SaidAsync("MIGRATION completed");
        Assert.Equal(s_sourceOrder, pair.Source.Said);
        Assert.Equal(["MIGRATION setup", "MIGRATION active", "MIGRATION completed"], pair.Destination.Said);

        await pair.Destination.ExecuteAsync("cont");
        await pair.Destination.UntilAsync("running/completed");
        Assert.Equal("RESUME", pair.Destination.Said[^1]);
        Assert.Equal("postmigrate/completed", await pair.Source.StateAsync());
    }

    /// <summary>Figures of a completed source; none at the destination, by which an arrival is told from a departure.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Figures_AreTheSourcesOnly(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CompletedAsync();

        MigrationInfo source = MigrationInfo.Parse(await pair.Source.ExecuteAsync("query-migrate"));
        MigrationInfo destination = MigrationInfo.Parse(await pair.Destination.ExecuteAsync("query-migrate"));

        Assert.True(source is { TotalTimeMs: >= 0, DowntimeMs: >= 0, Ram: { TotalBytes: > 0, TransferredBytes: > 0, RemainingBytes: 0, DirtySyncCount: > 0 } });
        Assert.Null(destination.Ram);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Migration_OfAGuestThatNeverRan_ArrivesInPrelaunch(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest source = await host.LaunchAsync();
        GuestUnderTest destination = await host.LaunchIncomingAsync();
        DriverPair pair = new(source, destination, await destination.ListenAsync());

        await pair.BeginAsync();
        await source.UntilAsync("finish-migrate/pre-switchover");
        await source.ContinueSwitchoverAsync();

        await source.UntilAsync("postmigrate/completed");
        await destination.UntilAsync("prelaunch/completed");
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Migration_OfAGuestThatItsUserPaused_ArrivesPaused(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await host.PairAsync();
        await pair.Source.ExecuteAsync("stop");

        await pair.BeginAsync();
        await pair.Source.UntilAsync("finish-migrate/pre-switchover");
        await pair.Source.ContinueSwitchoverAsync();

        await pair.Source.UntilAsync("postmigrate/completed");
        await pair.Destination.UntilAsync("paused/completed");
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Guest_ThatHasMoved_IsTheSourceOfItsNextMigration(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair first = await (await host.PairAsync()).CompletedAsync();
        await first.Destination.ExecuteAsync("cont");
        GuestUnderTest next = await host.LaunchIncomingAsync();

        DriverPair second = await new DriverPair(first.Destination, next, await next.ListenAsync()).CompletedAsync();

        Assert.Equal(s_sourceOrder, second.Source.Said.SkipWhile(said => said != "RESUME"));
    }

    /// <summary>Final is what is read twice alike, and found at the destination.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Rings_OfAStoppedGuest_AreFinalAndArriveAsTheyWere(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await host.PairAsync();
        using CancellationTokenSource limit = new(Eventually.Limit);
        while (!(await pair.Source.RingsAsync()).Any(ring => ring is { IsSetUp: true, UsedIndex: > 0 }))
        {
            Assert.False(limit.IsCancellationRequested, "no ring is in use");
        }

        await pair.PausedAsync();
        IReadOnlyList<VirtioQueueStatus> final = await pair.Source.RingsAsync();
        IReadOnlyList<VirtioQueueStatus> again = await pair.Source.RingsAsync();
        await pair.Source.ContinueSwitchoverAsync();
        await pair.Destination.UntilAsync("paused/completed");
        IReadOnlyList<VirtioQueueStatus> arrived = await pair.Destination.RingsAsync();

        Assert.Equal(final, again);
        Assert.Contains(final, ring => ring.UsedIndex > 0);
        Assert.Equal(
            final.Select(ring => (ring.LastAvailIndex, ring.UsedIndex, ring.InUse, ring.DescriptorAddress, ring.AvailAddress, ring.UsedAddress, ring.RingSize)),
            arrived.Select(ring => (ring.LastAvailIndex, ring.UsedIndex, ring.InUse, ring.DescriptorAddress, ring.AvailAddress, ring.UsedAddress, ring.RingSize)));
    }
}
