using Coordinator.Agent.Processes;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>Cancel in each status, yank, and the death of either side at each stage.</summary>
public sealed class FaultConformanceTests
{
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Cancel_WhileCopying_NeverStopsTheGuestAndEndsTheDestination(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CopyingAsync();

        await pair.Source.ExecuteAsync("migrate_cancel");

        await pair.Source.UntilAsync("running/cancelled");
        Assert.Equal(["RESUME", "MIGRATION setup", "MIGRATION active", "MIGRATION cancelling", "MIGRATION cancelled"], pair.Source.Said);
        await EndedByItselfAsync(pair.Destination);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Cancel_InPreSwitchover_ResumesTheGuestByItself(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).PausedAsync();

        await pair.Source.ExecuteAsync("migrate_cancel");

        await pair.Source.UntilAsync("running/cancelled");
        Assert.Equal(["MIGRATION cancelling", "RESUME", "MIGRATION cancelled"], pair.Source.Said.TakeLast(3));
        await EndedByItselfAsync(pair.Destination);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Source_ThatWasCancelled_IsMigratedAgainAtOnce(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair first = await (await host.PairAsync()).PausedAsync();
        await first.Source.ExecuteAsync("migrate_cancel");
        await first.Source.UntilAsync("running/cancelled");
        GuestUnderTest other = await host.LaunchIncomingAsync();

        await new DriverPair(first.Source, other, await other.ListenAsync()).CompletedAsync();

        Assert.Null(await first.Source.RefusalAsync("migrate_cancel"));
        Assert.Equal("postmigrate/completed", await first.Source.StateAsync());
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Migration_ToNobody_FailsAndTheGuestRunsOn(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await host.PairAsync();
        await pair.Destination.KillAsync();

        await pair.BeginAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(["RESUME", "MIGRATION setup", "MIGRATION failed"], pair.Source.Said);
        Assert.Null(await pair.Source.RefusalAsync("migrate_cancel"));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Yank_InDevice_IsAnsweredAndTheGuestResumesByItself(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).HeldInDeviceAsync();

        await pair.Source.YankAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(["MIGRATION device", "MIGRATION failed", "RESUME"], pair.Source.Said.TakeLast(3));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task DestinationKilled_WhileCopying_IsNoticedAndTheGuestNeverStops(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CopyingAsync();

        await pair.Destination.KillAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(["RESUME", "MIGRATION setup", "MIGRATION active", "MIGRATION failed"], pair.Source.Said);
    }

    /// <summary>No event, no time-out: the guest would stand still for ever.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task DestinationKilled_InPreSwitchover_IsNoticedOnlyWhenContinued(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).PausedAsync();

        await pair.Destination.KillAsync();
        Assert.Equal("finish-migrate/pre-switchover", await pair.Source.StateAsync());
        Assert.Equal("MIGRATION pre-switchover", pair.Source.Said[^1]);
        await pair.Source.ContinueSwitchoverAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(["MIGRATION device", "MIGRATION failed", "RESUME"], pair.Source.Said.TakeLast(3));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task DestinationKilled_InDevice_ResumesTheGuestByItself(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).HeldInDeviceAsync();

        await pair.Destination.KillAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(["MIGRATION failed", "RESUME"], pair.Source.Said.TakeLast(2));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task DestinationKilled_AfterCompletion_LeavesTheSourceStopped(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CompletedAsync();

        await pair.Destination.KillAsync();

        Assert.Equal("postmigrate/completed", await pair.Source.StateAsync());
        Assert.Equal("MIGRATION completed", pair.Source.Said[^1]);
    }

    public static TheoryData<string, bool> DriversAndStages => new() { { "10", true }, { "10", false }, { "simulated", true }, { "simulated", false } };

    [Theory]
    [MemberData(nameof(DriversAndStages))]
    public async Task SourceKilled_BeforeAllWasSent_EndsTheDestination(string driver, bool whileCopying)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await host.PairAsync();
        _ = whileCopying ? await pair.CopyingAsync() : await pair.PausedAsync();

        await pair.Source.KillAsync();

        await EndedByItselfAsync(pair.Destination);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task SourceKilled_AfterCompletion_LeavesACopyThatCanRun(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CompletedAsync();

        await pair.Source.KillAsync();
        Assert.Equal("paused/completed", await pair.Destination.StateAsync());
        await pair.Destination.ExecuteAsync("cont");

        await pair.Destination.UntilAsync("running/completed");
    }

    /// <summary>"load of migration failed": a last event, words on stderr, exit code 1.</summary>
    private static async Task EndedByItselfAsync(GuestUnderTest destination)
    {
        QemuExit exit = await destination.ExitAsync();
        Assert.Equal(1, exit.Code);

        // What it said last may still be on its way through this process.
        await Eventually.TrueAsync(() => destination.Said is [.., "MIGRATION failed"], () => $"the last event to be 'MIGRATION failed', seen: {string.Join(", ", destination.Said)}");
        Assert.Contains("load of migration failed", destination.Log, StringComparison.Ordinal);
    }
}
