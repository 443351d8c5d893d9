using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Coordinator.Actors.Discovery;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coordinator.ClusterProbe;

/// <summary>A coordinator node as the server starts it, with counters for entities.</summary>
static class NodeProbe
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(int port, string others, string database, string? configFile)
    {
        ContactPoints? contacts = others switch
        {
            "database" => new ContactPoints.Database(),
            _ when others.StartsWith("dns:", StringComparison.Ordinal) => new ContactPoints.Dns(others.Split(':')[1], int.Parse(others.Split(':')[2])),
            _ => null,
        };
        ImmutableArray<string> seeds = contacts is null ? [.. others.Split(',')] : [];
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ");
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddCoordinatorPlatform(
            _ => new CoordinatorNodeOptions { Store = ProbeStore.Of(database), Port = port, SeedNodes = seeds, Contacts = contacts, ConfigFile = configFile },
            (akka, _) => akka
                .WithVmRegion<CounterEntity>(vmId => Props.Create(() => new CounterEntity(vmId)), message => (message as string)?.Split(' ').Last())
                .WithActors((system, _) => system.ActorOf(Props.Create(() => new ClusterWitness()))));
        using var host = builder.Build();
        await host.StartAsync();
        _ = Task.Run(() => ServeAsync(host.Services.GetRequiredService<ActorSystem>(), host));
        await host.WaitForShutdownAsync();
        return Environment.ExitCode;
    }

    private static async Task ServeAsync(ActorSystem system, IHost host)
    {
        var region = ActorRegistry.For(system).Get<CounterEntity>();
        var mediator = DistributedPubSub.Get(system).Mediator;
        ProbeOutput.Say("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["increment", var vmId]:
                    _ = AnswerAsync(line, async () => await region.Ask<long>($"increment {vmId}", AnswerLimit));
                    break;
                case ["nudge", var vmId]:
                    _ = AnswerAsync(line, async () => await region.Ask<long>(new Nudge(vmId), AnswerLimit));
                    break;
                case ["entities"]:
                    _ = AnswerAsync(line, async () =>
                        (await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, AnswerLimit)).Shards.Sum(shard => shard.EntityIds.Count));
                    break;
                case ["subscribe", var topic]:
                    system.ActorOf(Props.Create(() => new TopicListener(topic)));
                    break;
                case ["publish", var topic, var text]:
                    mediator.Tell(new Publish(topic, new Nudge(text)));
                    break;
                case ["leave"]:
                    _ = host.StopAsync();
                    break;
                default:
                    ProbeOutput.Say($"unknown {line}");
                    break;
            }
        }

        Environment.Exit(0);
    }

    private static async Task AnswerAsync(string question, Func<Task<long>> ask)
    {
        try
        {
            ProbeOutput.Say($"answer {question} = {await ask()}");
        }
        catch (Exception e)
        {
            ProbeOutput.Say($"answer {question} = failed: {e.GetType().Name}");
        }
    }
}
