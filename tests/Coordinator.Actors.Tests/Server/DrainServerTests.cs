using Coordinator.Contracts.Api;
using Coordinator.Domain.QemuModel;
using Grpc.Core;

namespace Coordinator.Actors.Tests.Server;

/// <summary>Cordons and drains through the API, with entities, database and agents' streams.</summary>
public sealed class DrainServerTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly ServerWorld _world = new();

    private Contracts.Api.Coordinator.CoordinatorClient Client => _world.Nodes[0].Client;

    public async Task InitializeAsync()
    {
        ServerWorld.Node node = await _world.StartNode();
        _world.Connect("host-a", node);
        _world.Connect("host-b", node);
        await Becomes(async () => (await Client.ListHostsAsync(new ListHostsRequest())).Hosts.Count(h => h.Connected) == 2, "both hosts are connected");
        await Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = "name: web-1" });
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Cordon_KeepsGuestsAway_AtEveryNode_UntilItEnds()
    {
        ServerWorld.Node second = await _world.StartNode();
        await Cordon("host-b", on: true, "c1");

        await AssertRefused(StatusCode.FailedPrecondition, "host host-b is cordoned by ann", Migrate());
        await AssertRefused(StatusCode.FailedPrecondition, "'coordctl host uncordon host-b' ends it", Start("web-2", "host-b"));
        await Becomes(
            async () => (await second.Client.ListHostsAsync(new ListHostsRequest())).Hosts.Any(h => h is { Name: "host-b", Cordon: { By: "ann", Reason: "new memory" } }), "the other node shows it");

        await Cordon("host-b", on: false, "c2");
        Migration accepted = await Migrate();
        await Becomes(async () => (await Get(accepted.Id)).Phase == "Succeeded", "the migration succeeds");
    }

    [Fact]
    public async Task MigrationThatHasBegun_GoesOnToAHostThatIsCordonedMeanwhile()
    {
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        _world.Fakes.B.Refuses[AgentProtocol.Step.CommandOneofCase.Prepare] = (AgentProtocol.StepOutcome.NotYet, "busy");
        Migration accepted = await Migrate();
        await Becomes(async () => (await Get(accepted.Id)).Phase == "PreparingDestination", "it prepares");

        await Cordon("host-b", on: true, "c1");
        _world.Fakes.B.Refuses.Clear();
        _world.Fakes.Change(w => w.Held.Clear());

        await Becomes(async () => (await Get(accepted.Id)).Phase == "Succeeded", "what had begun goes on to a cordoned host");
    }

    [Fact]
    public async Task Drain_MovesTheGuestAndReportsIt()
    {
        Drain rehearsed = await DrainHost("d0", dryRun: true);
        Assert.Equal(("", "host-b", "Waiting"), (rehearsed.Id, Assert.Single(rehearsed.Guests).Destination, rehearsed.Guests[0].State));
        await AssertRefused(StatusCode.NotFound, "was never drained", Client.GetDrainAsync(new GetDrainRequest { Host = "host-a" }).ResponseAsync);

        Drain begun = await DrainHost("d1");
        Assert.Equal(begun.Id, (await DrainHost("d1")).Id);
        Drain ended = new();
        await Becomes(async () => (ended = await Client.GetDrainAsync(new GetDrainRequest { Host = "host-a" })).Outcome.Length > 0, "the drain ends");

        Assert.Equal(("Drained", "1 guest was moved; the host is empty"), (ended.Outcome, ended.Sentence));
        DrainedGuest guest = Assert.Single(ended.Guests);
        Assert.Equal(("web-1", "Moved", "host-b", 1, "Verified"), (guest.Vm, guest.State, guest.Destination, guest.Tries, guest.Verdict));
        Assert.True(guest.BlackoutMicros > 0 && ended.LargestBlackoutMicros == guest.BlackoutMicros);
        await AssertRefused(StatusCode.FailedPrecondition, "host host-a is cordoned by ann", Start("web-2", "host-a"));
        Assert.Equal("drain", (await Get(guest.MigrationId)).Policy.Priority);
    }

    [Fact]
    public async Task Drain_GoesOnAtAnotherNode_AndCanBeEnded()
    {
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        ServerWorld.Node second = await _world.StartNode();
        Drain begun = await DrainHost("d1");
        await AssertRefused(StatusCode.FailedPrecondition, "is being drained by ann", Second(second));
        await Becomes(async () => (await second.Client.GetDrainAsync(new GetDrainRequest { Host = "host-a" })).Guests is [{ State: "Moving" }], "the guest moves");
        await _world.Nodes[0].Stop();
        _world.Connect("host-a", second);
        _world.Connect("host-b", second);
        _world.Fakes.Change(w => w.Held.Clear());

        Drain ended = new();
        await Becomes(async () => (ended = await second.Client.GetDrainAsync(new GetDrainRequest { Host = "host-a" })).Outcome.Length > 0, "the drain ends at the other node");
        Assert.Equal((begun.Id, "Drained"), (ended.Id, ended.Outcome));
        Assert.Equal("Drained", (await second.Client.CancelDrainAsync(new CancelDrainRequest { Host = "host-a", By = "ann", Reason = "late" })).Outcome);
    }

    [Fact]
    public async Task WrongValues_AreRefusedByName()
    {
        await AssertRefused(StatusCode.NotFound, "no host of the name 'host-z' is known", Cordon("host-z", on: true, "c1"));
        await AssertRefused(StatusCode.InvalidArgument, "by '' is not allowed", Client.SetCordonAsync(new SetCordonRequest { RequestId = "c1", Host = "host-a", Cordoned = true, Reason = "x" }).ResponseAsync);
        await AssertRefused(StatusCode.InvalidArgument, "max_parallel '101'", Client.DrainHostAsync(new DrainHostRequest { RequestId = "d1", Host = "host-a", MaxParallel = 101, By = "ann", Reason = "x" }).ResponseAsync);
        await AssertRefused(StatusCode.InvalidArgument, "stop_on_failures '-1'", Client.DrainHostAsync(new DrainHostRequest { RequestId = "d1", Host = "host-a", StopOnFailures = -1, By = "ann", Reason = "x" }).ResponseAsync);
    }

    private static Task<Drain> Second(ServerWorld.Node node) => node.Client.DrainHostAsync(new DrainHostRequest { RequestId = "d2", Host = "host-a", By = "bob", Reason = "other" }).ResponseAsync;

    private Task<Drain> DrainHost(string request, bool dryRun = false) =>
        Client.DrainHostAsync(new DrainHostRequest { RequestId = request, Host = "host-a", DryRun = dryRun, By = "ann", Reason = "new memory" }).ResponseAsync;

    private Task<Cordon> Cordon(string host, bool on, string request) =>
        Client.SetCordonAsync(new SetCordonRequest { RequestId = request, Host = host, Cordoned = on, By = "ann", Reason = "new memory" }).ResponseAsync;

    private Task<VirtualMachine> Start(string vm, string host) =>
        Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = $"start-{vm}", Host = host, DefinitionYaml = $"name: {vm}" }).ResponseAsync;

    private Task<Migration> Migrate() =>
        Client.StartMigrationAsync(new StartMigrationRequest { RequestId = "m", Vm = "web-1", DestinationHost = "host-b", Policy = new MigrationPolicy { VerifyMs = 0 } }).ResponseAsync;

    private Task<Migration> Get(string id) => Client.GetMigrationAsync(new GetMigrationRequest { Vm = "web-1", MigrationId = id }).ResponseAsync;

    private static async Task AssertRefused(StatusCode status, string sentence, Task call)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task Becomes(Func<Task<bool>> condition, string what) => Assert.True(
        await Eventually.IsTrue(
            async () =>
            {
                try
                {
                    return await condition();
                }
                catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable)
                {
                    return false;
                }
            },
            s_patience),
        $"waited {s_patience.TotalSeconds} s in vain: {what}");
}
