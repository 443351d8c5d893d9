namespace Coordinator.Agent.Tests.Conformance;

/// <summary>What is refused in which state and in which words, and the holes: what is accepted although it should not be.</summary>
public sealed class GuardConformanceTests
{
    private const string InProgress = "GenericError: There's a migration process in progress";

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task BeforeAnyMigration_OnlyCancelIsAccepted(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();

        Assert.Null(await guest.RefusalAsync("migrate_cancel"));
        Assert.Equal("GenericError: Migration not in expected state: none", await guest.RefusalAsync("migrate-continue", new { State = "pre-switchover" }));
        Assert.Equal("DeviceNotFound: Instance not found", await guest.RefusalAsync("yank", new { Instances = new[] { new { Type = "migration" } } }));
        Assert.Equal("GenericError: '-incoming' was not specified on the command line", await guest.RefusalAsync("migrate-incoming", new { Uri = "tcp:127.0.0.1:0" }));
        Assert.Equal("CommandNotFound: The command nonsense has not been found", await guest.RefusalAsync("nonsense"));
        Assert.Equal(
            "GenericError: Parameter 'capability' does not accept value 'nope'",
            await guest.RefusalAsync("migrate-set-capabilities", new { Capabilities = new[] { new { Capability = "nope", State = true } } }));
        Assert.Equal("prelaunch/none", await guest.StateAsync());
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Destination_ThatListens_IsNoSourceAndListensOnce(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest destination = await host.LaunchIncomingAsync();
        await destination.ListenAsync();

        Assert.Equal("GenericError: The incoming migration has already been started", await destination.RefusalAsync("migrate-incoming", new { Uri = "tcp:127.0.0.1:0" }));
        Assert.Equal("GenericError: Guest is waiting for an incoming migration", await destination.RefusalAsync("migrate", new { Uri = "tcp:127.0.0.1:1" }));
        Assert.Equal("inmigrate/setup", await destination.StateAsync());
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task WhileCopying_ASecondMigrationAndOtherCapabilitiesAreRefused(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CopyingAsync();

        Assert.Equal(InProgress, await pair.Source.RefusalAsync("migrate", new { pair.Uri }));
        Assert.Equal(InProgress, await pair.Source.RefusalAsync("migrate-set-capabilities", new { Capabilities = new[] { new { Capability = "events", State = true } } }));
        Assert.Equal("GenericError: Migration not in expected state: active", await pair.Source.RefusalAsync("migrate-continue", new { State = "pre-switchover" }));
        Assert.Equal("running/active", await pair.Source.StateAsync());
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task InPreSwitchover_ContIsRefusedAndStopChangesNothing(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).PausedAsync();

        Assert.Equal("GenericError: Migration is not finalized yet", await pair.Source.RefusalAsync("cont"));
        Assert.Equal(InProgress, await pair.Source.RefusalAsync("migrate", new { pair.Uri }));
        Assert.Null(await pair.Source.RefusalAsync("stop"));
        Assert.Equal("finish-migrate/pre-switchover", await pair.Source.StateAsync());
    }

    /// <summary>The hole for which there is a decision register: nothing keeps a source from running beside its copy.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task AfterCompletion_TheSourceIsNotMigratedAgainButContinued(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await (await host.PairAsync()).CompletedAsync();

        Assert.Equal("GenericError: Can't migrate the vm that was paused due to previous migration", await pair.Source.RefusalAsync("migrate", new { pair.Uri }));
        Assert.Equal("GenericError: Migration not in expected state: completed", await pair.Source.RefusalAsync("migrate-continue", new { State = "pre-switchover" }));
        Assert.Null(await pair.Source.RefusalAsync("migrate_cancel"));
        Assert.Equal("postmigrate/completed", await pair.Source.StateAsync());
        Assert.Null(await pair.Source.RefusalAsync("cont"));
        await pair.Source.UntilAsync("running/completed");
    }

    /// <summary>The other hole: it answers success, changes nothing, and runs by itself as soon as it has loaded.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task ContInInmigrate_CancelsTheStandstillOfTheDestination(string driver)
    {
        await using DriverHost host = new(driver);
        DriverPair pair = await host.PairAsync();

        Assert.Null(await pair.Destination.RefusalAsync("cont"));
        Assert.Equal("inmigrate/setup", await pair.Destination.StateAsync());
        await pair.PausedAsync();
        await pair.Source.ContinueSwitchoverAsync();

        await pair.Destination.UntilAsync("running/completed");
        Assert.Equal(["RESUME", "MIGRATION completed"], pair.Destination.Said.TakeLast(2));
    }
}
