using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Tests.Platform;

public sealed class CoordinatorPlatformTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Host_SingleNode_ServesEntitiesAndForgetsThoseThatPassivate()
    {
        using var host = NewHost(new CoordinatorNodeOptions { Store = new SqliteStore(directory.DatabaseFile) });
        await host.StartAsync();
        try
        {
            var region = ActorRegistry.For(host.Services.GetRequiredService<ActorSystem>()).Get<EchoEntity>();
            Assert.True(await Eventually.IsTrue(() => Answers(region, new Nudge("vm-1"), "vm-1"), Limit));
            Assert.Equal("vm-2", await region.Ask<string>("to vm-2", Limit));
            Assert.Equal(["vm-1", "vm-2"], await EntitiesOf(region));

            region.Tell("passivate vm-2");
            Assert.True(await Eventually.IsTrue(async () => (await EntitiesOf(region)).SequenceEqual(["vm-1"]), Limit));
        }
        finally
        {
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task Host_DataOfAnotherShardCount_DoesNotStart()
    {
        new SqliteStore(directory.DatabaseFile).CreateAndVerify(shardCount: 7);
        using var host = NewHost(new CoordinatorNodeOptions { Store = new SqliteStore(directory.DatabaseFile) });
        await Assert.ThrowsAsync<StoreException>(() => host.StartAsync());
    }

    [Theory]
    [InlineData(70_000, "127.0.0.1", "", "Port 70000")]
    [InlineData(0, " ", "", "host name is empty")]
    [InlineData(4000, "127.0.0.1", "localhost", "'localhost' is not HOST:PORT")]
    [InlineData(4000, "127.0.0.1", "localhost:0", "'localhost:0' is not HOST:PORT")]
    [InlineData(4000, "127.0.0.1", "a:1,A:1", "named twice")]
    [InlineData(0, "127.0.0.1", "127.0.0.1:4000", "needs a fixed port")]
    public void Options_OutOfRange_AreRefusedByName(int port, string hostname, string seeds, string named)
    {
        var options = new CoordinatorNodeOptions
        {
            Store = new SqliteStore(directory.DatabaseFile),
            Port = port,
            Hostname = hostname,
            SeedNodes = [.. seeds.Split(',', StringSplitOptions.RemoveEmptyEntries)],
        };
        Assert.Contains(named, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private static IHost NewHost(CoordinatorNodeOptions options)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddCoordinatorPlatform(
            _ => options,
            (akka, _) => akka.WithVmRegion<EchoEntity>(vmId => Props.Create(() => new EchoEntity(vmId)), message => (message as string)?.Split(' ').Last()));
        return builder.Build();
    }

    private static async Task<bool> Answers(IActorRef region, object question, string expected)
    {
        try
        {
            return await region.Ask<string>(question, TimeSpan.FromSeconds(2)) == expected;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private static async Task<string[]> EntitiesOf(IActorRef region)
    {
        var state = await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Limit);
        return [.. state.Shards.SelectMany(shard => shard.EntityIds).Order(StringComparer.Ordinal)];
    }

    private sealed class EchoEntity : ReceiveActor
    {
        public EchoEntity(string vmId)
        {
            Receive<string>(command => command.StartsWith("passivate", StringComparison.Ordinal), _ => Context.Parent.Tell(new Passivate(StopVm.Instance)));
            Receive<StopVm>(_ => Context.Stop(Self));
            ReceiveAny(_ => Sender.Tell(vmId));
        }
    }
}
