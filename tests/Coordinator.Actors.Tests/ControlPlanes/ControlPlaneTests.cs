using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Tests.Server;
using Coordinator.Client;
using Coordinator.Contracts;
using Coordinator.ControlPlane;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.ControlPlanes;

/// <summary>A control plane with an actor system of its own, against two real servers.</summary>
public sealed class ControlPlaneTests : TestKit, IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly PolicyChoice s_defaults = new(null, null, null, null, null, VerifyMs: 0, null, null, null);

    private readonly ServerWorld _world = new();

    public ControlPlaneTests()
        : base(ConfigurationFactory.ParseString("akka.loggers = []").WithFallback(ControlPlaneConfig.Default))
    {
    }

    public async Task InitializeAsync()
    {
        await _world.StartNode();
        await _world.StartNode();
        _world.Connect("host-a", _world.Nodes[0]);
        _world.Connect("host-b", _world.Nodes[0]);
        CoordinatorClient client = Client();
        await Eventually(async () => await Started(client), "the VM is ordered");
        await Eventually(async () => (await client.GetVirtualMachine("web-1")).RunState == "running", "the VM runs");
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Migration_IsStartedFollowedAndEnds_AndItsRepetitionGetsTheSame()
    {
        CoordinatorClient client = Client();
        using IDisposable subscription = client.Subscribe("web-1", TestActor);
        Api.Migration accepted = await client.StartMigration(new StartMigration("web-1", "move-1", "host-b", s_defaults));
        Api.Migration repeated = await client.StartMigration(new StartMigration("web-1", "move-1", "host-b", s_defaults));

        var end = (MigrationStatusChanged)await FishForMessageAsync(m => m is MigrationStatusChanged { Migration.Terminal: true }, s_patience);

        Assert.Equal(accepted.Id, repeated.Id);
        Assert.Equal((accepted.Id, "Succeeded", "Verified"), (end.Migration!.Id, end.Migration.Phase, end.Migration.Verdict));
        Assert.Equal("host-b", end.VirtualMachine.Host);
        Assert.Equal("Succeeded", (await client.GetMigration("web-1", accepted.Id)).Phase);
    }

    [Fact]
    public async Task Refusals_AreExceptionsWithTheCoordinatorsSentence()
    {
        CoordinatorClient client = Client();

        await Refused(AnswerKind.NotFound, "host 'host-z' is unknown", client.StartMigration(new StartMigration("web-1", "r1", "host-z", s_defaults)));
        await Refused(AnswerKind.FailedPrecondition, "already runs on host-a", client.StartMigration(new StartMigration("web-1", "r2", "host-a", s_defaults)));
        await Refused(AnswerKind.InvalidArgument, "maxAttempts '11'", client.StartMigration(new StartMigration("web-1", "r3", "host-b", s_defaults with { MaxAttempts = 11 })));
        await Refused(AnswerKind.InvalidArgument, "priority 'urgent' is not allowed", client.StartMigration(new QueueMigration("web-1", "r4", "host-b", s_defaults, "urgent", null)));
        await Refused(AnswerKind.InvalidArgument, "VM name 'Web 1' is not allowed", client.GetMigration("Web 1"));
        await Refused(AnswerKind.NotFound, "no VM of the name 'web-9'", client.GetMigration("web-9"));
        await Refused(AnswerKind.NotFound, "has no migration", client.GetMigration("web-1"));
    }

    /// <summary>Only what is a client's to say: a report of an agent would be evidence.</summary>
    [Fact]
    public async Task MessageThatIsNotAClients_ReachesNoEntity()
    {
        IActorRef receptionist = Sys.ActorOf(Akka.Cluster.Tools.Client.ClusterClient.Props(
            Akka.Cluster.Tools.Client.ClusterClientSettings.Create(Sys).WithInitialContacts([ActorPath.Parse($"akka.tcp://coordinator@127.0.0.1:{_world.Nodes[0].ClusterPort}/system/receptionist")])));
        receptionist.Tell(new Akka.Cluster.Tools.Client.ClusterClient.Send(ControlPlanePath.Value, new Nudge("web-7")));
        receptionist.Tell(new Akka.Cluster.Tools.Client.ClusterClient.Send(ControlPlanePath.Value, new AgentReported("web-1", "host-a", [])));
        receptionist.Tell(new Akka.Cluster.Tools.Client.ClusterClient.Send(ControlPlanePath.Value, new GetVm("web-1", "")), TestActor);

        Assert.Equal(AnswerKind.Accepted, (await ExpectMsgAsync<VmAnswer>(s_patience)).Kind);
    }

    [Fact]
    public async Task NodeThatEnds_IsReplacedByAnother_AndTheSubscriptionGoesOn()
    {
        CoordinatorClient client = Client(_world.Nodes[1], _world.Nodes[0]);
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        using IDisposable subscription = client.Subscribe("web-1", TestActor);
        await client.StartMigration(new StartMigration("web-1", "move-1", "host-b", s_defaults));
        await FishForMessageAsync(m => m is MigrationStatusChanged { Migration.Phase: "Iterating" }, s_patience);
        await _world.Nodes[1].Stop();
        _world.Fakes.Release();

        var end = (MigrationStatusChanged)await FishForMessageAsync(m => m is MigrationStatusChanged { Migration.Terminal: true }, s_patience);
        Assert.Equal("Verified", end.Migration!.Verdict);
        Assert.Equal("Succeeded", (await client.GetMigration("web-1")).Phase);
    }

    [Fact]
    public async Task WorkedExample_MovesTheGuest_AndSaysARefusal()
    {
        string contact = $"127.0.0.1:{_world.Nodes[0].ClusterPort}";
        using StringWriter moved = new();
        using StringWriter refused = new();

        Assert.Equal(0, await ExampleRun.MoveAsync([contact], "web-1", "host-b", "example-1", moved));
        Assert.Equal(4, await ExampleRun.MoveAsync([contact], "web-1", "host-b", "example-2", refused));

        Assert.Contains("Succeeded Verified", moved.ToString(), StringComparison.Ordinal);
        Assert.Contains("refused (FailedPrecondition): the VM already runs on host-b", refused.ToString(), StringComparison.Ordinal);
    }

    private static async Task Refused(AnswerKind kind, string sentence, Task request)
    {
        CoordinatorRefusedException refused = await Assert.ThrowsAsync<CoordinatorRefusedException>(() => request);
        Assert.Equal(kind, refused.Kind);
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> Started(CoordinatorClient client)
    {
        try
        {
            await client.StartVirtualMachine(new StartVirtualMachine("web-1", "start-1", "host-a", "name: web-1"));
            return true;
        }
        catch (CoordinatorRefusedException unknown) when (unknown.Kind == AnswerKind.NotFound)
        {
            // The node that the VM lives on has not heard of the host yet.
            return false;
        }
        catch (CoordinatorUnavailableException)
        {
            // Two servers that start on a starved machine may need longer than a client's patience; the same request id may be repeated, as it says.
            return false;
        }
    }

    private CoordinatorClient Client(params ServerWorld.Node[] nodes) =>
        CoordinatorClient.Connect(Sys, (nodes.Length == 0 ? _world.Nodes : nodes).Select(n => $"127.0.0.1:{n.ClusterPort}"));

    private Task Eventually(Func<Task<bool>> condition, string what) => AwaitConditionAsync(condition, s_patience, TimeSpan.FromMilliseconds(100), what);
}
