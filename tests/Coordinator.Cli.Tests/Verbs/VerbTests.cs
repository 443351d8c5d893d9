using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class VerbTests : IAsyncLifetime
{
    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public async Task VmStart_Definition_TravelsAsItIsWritten()
    {
        const string Yaml = "name: demo\nuuid: 64705525-6174-413d-87f8-7f6335343816\n";
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Yaml);
        coordinator.Answers<StartVirtualMachineRequest>(_ => new VirtualMachine { Name = "demo", Residence = "Resident", Host = "alpha", Pid = 4711, RunState = "running" });
        try
        {
            var run = await CoordctlRun.Of(coordinator, "vm", "start", file, "--host", "alpha");

            Assert.Equal((ExitCode.Ok, "demo: Resident on alpha, pid 4711, running\n"), (run.ExitCode, run.Output));
            Assert.Equal(new StartVirtualMachineRequest { RequestId = "coordctl-test", Host = "alpha", DefinitionYaml = Yaml }, coordinator.Request<StartVirtualMachineRequest>());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task VmStop_Stopping_IsWaitedFor()
    {
        var asked = 0;
        coordinator
            .Answers<StopVirtualMachineRequest>(_ => new VirtualMachine { Name = "demo", Residence = "Stopping" })
            .Answers<GetVirtualMachineRequest>(_ => ++asked < 3 ? new VirtualMachine { Name = "demo", Residence = "Stopping" } : new VirtualMachine { Name = "demo", Residence = "Absent", Message = "stopped on request" });

        var run = await CoordctlRun.Of(coordinator, "vm", "stop", "demo", "--request-id", "mine");

        Assert.Equal((ExitCode.Ok, "demo: Absent, stopped on request\n"), (run.ExitCode, run.Output));
        Assert.Equal(new StopVirtualMachineRequest { RequestId = "mine", Name = "demo" }, coordinator.Request<StopVirtualMachineRequest>());
    }

    [Fact]
    public async Task Migrate_PolicyFlags_AreSentInTheirUnitsAndOnlyWhenGiven()
    {
        coordinator.Answers<StartMigrationRequest>(_ => Samples.Requested());

        var run = await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta", "--request-id", "r1", "--downtime-limit", "0.5s", "--bandwidth", "2GiB/s", "--prepare-deadline", "2m",
            "--iterate-deadline", "7d", "--switchover-deadline", "100ms", "--verify", "0s", "--max-attempts", "3", "--rehearsal-budget", "20ms", "--refuse-over-budget");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains($"migration {Samples.Id}: demo, alpha to beta, PreparingDestination", run.Output, StringComparison.Ordinal);
        Assert.Equal(new StartMigrationRequest
        {
            RequestId = "r1",
            Vm = "demo",
            DestinationHost = "beta",
            Policy = new MigrationPolicy
            {
                DowntimeLimitMs = 500,
                BandwidthBytesPerSec = 2L << 30,
                PrepareDeadlineMs = 120_000,
                IterateDeadlineMs = 604_800_000,
                SwitchoverDeadlineMs = 100,
                VerifyMs = 0,
                MaxAttempts = 3,
                RehearsalBudgetMs = 20,
                RefuseOverBudget = true,
            },
        }, coordinator.Request<StartMigrationRequest>());
    }

    [Fact]
    public async Task Migrate_NoFlags_LeavesEveryDefaultToTheCoordinator()
    {
        coordinator.Answers<StartMigrationRequest>(_ => Samples.Requested());

        await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta");

        Assert.Equal(new StartMigrationRequest { RequestId = "coordctl-test", Vm = "demo", DestinationHost = "beta", Policy = new() }, coordinator.Request<StartMigrationRequest>());
    }

    [Fact]
    public async Task Get_ListsOfManyPages_AreShownWhole()
    {
        coordinator
            .Answers<ListVirtualMachinesRequest>(request => request.PageToken.Length == 0
                ? new ListVirtualMachinesResponse { VirtualMachines = { new VirtualMachine { Name = "one", Residence = "Resident" } }, NextPageToken = "more" }
                : new ListVirtualMachinesResponse { VirtualMachines = { new VirtualMachine { Name = "two", Residence = "Resident" } } })
            .Answers<ListMigrationsRequest>(request => request.PageToken.Length == 0
                ? new ListMigrationsResponse { Migrations = { Samples.Succeeded() }, NextPageToken = "more" }
                : new ListMigrationsResponse { Migrations = { Samples.Succeeded() } });

        var vms = (await CoordctlRun.Of(coordinator, "get", "vms")).Output;
        Assert.Contains("one  Resident", vms, StringComparison.Ordinal);
        Assert.Contains("two  Resident", vms, StringComparison.Ordinal);
        var json = (await CoordctlRun.Of(coordinator, "get", "migrations", "--vm", "demo", "-o", "json")).Output;
        Assert.Equal(new ListMigrationsResponse { Migrations = { Samples.Succeeded(), Samples.Succeeded() } }, ListMigrationsResponse.Parser.ParseJson(json));
        Assert.Equal([("demo", ""), ("demo", "more")], coordinator.Requests.OfType<ListMigrationsRequest>().Select(request => (request.Vm, request.PageToken)));
    }

    [Fact]
    public async Task Get_Lists_AreTablesOrJson()
    {
        coordinator
            .Answers<ListHostsRequest>(_ => new ListHostsResponse { Hosts = { new Host { Name = "alpha", Connected = true } } })
            .Answers<ListVirtualMachinesRequest>(_ => new ListVirtualMachinesResponse { VirtualMachines = { new VirtualMachine { Name = "demo", Residence = "Resident" } } })
            .Answers<ListMigrationsRequest>(request => new ListMigrationsResponse { Migrations = { Samples.Succeeded() } });

        Assert.Contains("alpha  connected", (await CoordctlRun.Of(coordinator, "get", "hosts")).Output, StringComparison.Ordinal);
        Assert.Contains("demo  Resident", (await CoordctlRun.Of(coordinator, "get", "vms")).Output, StringComparison.Ordinal);
        Assert.Equal((await CoordctlRun.Of(coordinator, "get", "vms")).Output, (await CoordctlRun.Of(coordinator, "vm", "list")).Output);
        Assert.Contains("Verified", (await CoordctlRun.Of(coordinator, "get", "migrations", "--vm", "demo")).Output, StringComparison.Ordinal);
        Assert.Equal("demo", coordinator.Request<ListMigrationsRequest>().Vm);
        var json = (await CoordctlRun.Of(coordinator, "get", "migrations", "-o", "json")).Output;
        Assert.Equal(new ListMigrationsResponse { Migrations = { Samples.Succeeded() } }, ListMigrationsResponse.Parser.ParseJson(json));
    }

    [Fact]
    public async Task Describe_Vm_AsksForItsNewestMigration()
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.Succeeded());

        var run = await CoordctlRun.Of(coordinator, "describe", "migration", "demo");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("SwitchoverAuthorized", run.Output, StringComparison.Ordinal);
        Assert.Equal(new GetMigrationRequest { Vm = "demo" }, coordinator.Request<GetMigrationRequest>());
    }

    [Fact]
    public async Task Describe_Id_IsLookedUpAmongAllVms()
    {
        coordinator
            .Answers<ListMigrationsRequest>(_ => new ListMigrationsResponse { Migrations = { Samples.Succeeded() } })
            .Answers<GetMigrationRequest>(_ => Samples.Succeeded());

        var found = await CoordctlRun.Of(coordinator, "describe", "migration", Samples.Id.ToUpperInvariant(), "-o", "json");
        var unknown = await CoordctlRun.Of(coordinator, "describe", "migration", Guid.Empty.ToString());

        Assert.Equal(Samples.Succeeded(), Migration.Parser.ParseJson(found.Output));
        Assert.Equal(new GetMigrationRequest { Vm = "demo", MigrationId = Samples.Id }, coordinator.Request<GetMigrationRequest>());
        Assert.Equal(ExitCode.NotFound, unknown.ExitCode);
        Assert.Contains("there is no migration 00000000-0000-0000-0000-000000000000", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_Answer_IsSaidAndCounted()
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.Iterating());
        coordinator.Answers<CancelMigrationRequest>(_ => Samples.Iterating());
        var asked = await CoordctlRun.Of(coordinator, "cancel", "demo", "--request-id", "c1");
        coordinator.Answers<CancelMigrationRequest>(_ => Samples.Succeeded());
        var tooLate = await CoordctlRun.Of(coordinator, "cancel", "demo");

        Assert.Equal((ExitCode.Ok, $"migration {Samples.Id} of demo is asked to end, now in Iterating\n"), (asked.ExitCode, asked.Output));
        Assert.Equal((ExitCode.Failed, "demo runs on beta, Verified\n"), (tooLate.ExitCode, tooLate.Output));
        Assert.Equal(new CancelMigrationRequest { RequestId = "c1", Vm = "demo", MigrationId = Samples.Id }, coordinator.Requests.OfType<CancelMigrationRequest>().First());
    }

    [Theory]
    [InlineData(StatusCode.NotFound, ExitCode.NotFound)]
    [InlineData(StatusCode.FailedPrecondition, ExitCode.Refused)]
    [InlineData(StatusCode.InvalidArgument, ExitCode.Usage)]
    [InlineData(StatusCode.Internal, ExitCode.Failed)]
    public async Task Refusal_OfTheCoordinator_IsOneSentenceOnStandardError(StatusCode status, int expected)
    {
        coordinator.Refuses<StartMigrationRequest>(status, "the VM already runs on beta; choose another host");

        var run = await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta", "--watch");

        Assert.Equal((expected, "", "coordctl: the VM already runs on beta; choose another host\n"), (run.ExitCode, run.Output, run.Error));
    }
}
