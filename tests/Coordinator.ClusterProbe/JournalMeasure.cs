using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Sql.Config;
using Coordinator.Actors.Platform;
using Coordinator.PostgresLab;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coordinator.ClusterProbe;

/// <summary>
/// What the journal's settings cost on PostgreSQL: events per second of 200 writers with the plugin's own settings, with ours, and as sharded entities of a whole node, all in one run on one server; and
/// how long 1,000 entities take to recover. Figures to compare with each other, not tests.
/// </summary>
static class JournalMeasure
{
    private const int Writers = 200;
    private const string OwnSettings = "akka.persistence.journal.sql { batch-size = 100, parallelism = 3, circuit-breaker { max-failures = 10, call-timeout = 10s, reset-timeout = 30s } }";
    private const int Rounds = 2;
    private const int Recovering = 1_000;
    private const int EventsToRecover = 20;

    // The disk may be fast or slow: a time, not a number of events.
    private static readonly TimeSpan MeasuredFor = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync()
    {
        using var server = new ThrowawayPostgres();
        var journals = new (string Name, string Change)[]
        {
            ("the plugin's own settings", OwnSettings),
            ("shipped", ""),
            ("shipped, parallelism 3", "akka.persistence.journal.sql.parallelism = 3"),
            ("shipped, parallelism 16", "akka.persistence.journal.sql.parallelism = 16"),
        };
        Say($"{Writers} writers, each one event after the other; events/s, {Rounds} rounds");
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var (name, change) in journals)
            {
                Say($"round {round}: {name}: {await BareAsync(server, change):N0}/s");
            }

            Say($"round {round}: sharded entities of a whole node, shipped: {await ShardedAsync(server):N0}/s");
        }

        await RecoveryAsync(server);
        return 0;
    }

    /// <summary>Events per second of the shipped settings on somebody else's server, as the last line that is said.</summary>
    public static async Task<int> RunBareAsync(string database, TimeSpan measuredFor)
    {
        ProbeOutput.Say((await BareAsync(database, "", measuredFor)).ToString("0", CultureInfo.InvariantCulture));
        return 0;
    }

    private static Task<double> BareAsync(ThrowawayPostgres server, string change) => BareAsync(server.NewDatabase(), change, MeasuredFor);

    private static async Task<double> BareAsync(string database, string change, TimeSpan measuredFor)
    {
        var store = PostgresStore.Of(database);
        store.CreateAndVerify(100);
        var system = Bare(store, change);
        var rate = await RateAsync(number => system.ActorOf(Props.Create(() => new CounterEntity($"vm-{number}"))), direct: true, measuredFor);
        await system.Terminate();
        return rate;
    }

    private static ActorSystem Bare(PostgresStore store, string change) => ActorSystem.Create("bare", BootstrapSetup.Create()
        .WithConfig(ConfigurationFactory.ParseString(change + """

            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.extensions = []
            akka.stdout-loglevel = OFF
            akka.loglevel = OFF
            """).WithFallback(CoordinatorConfig.Load(profile: store.ProfileFile)))
        .And(new DataOptionsSetup(store.DataOptions)));

    private static async Task<double> ShardedAsync(ThrowawayPostgres server)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        var connection = server.NewDatabase();
        builder.Services.AddCoordinatorPlatform(
            _ => new CoordinatorNodeOptions { Store = PostgresStore.Of(connection) },
            (akka, _) => akka.WithVmRegion<CounterEntity>(vmId => Props.Create(() => new CounterEntity(vmId)), message => (message as string)?.Split(' ').Last()));
        using var host = builder.Build();
        await host.StartAsync();
        var region = ActorRegistry.For(host.Services.GetRequiredService<ActorSystem>()).Get<CounterEntity>();
        var rate = await RateAsync(_ => region, direct: false, MeasuredFor);
        await host.StopAsync();
        return rate;
    }

    /// <summary>After a first event of each, in which entities start and code is compiled.</summary>
    private static async Task<double> RateAsync(Func<int, IActorRef> of, bool direct, TimeSpan measuredFor)
    {
        var writers = Enumerable.Range(0, Writers).Select(of).ToArray();
        Task<long> WriteAsync(int number) => writers[number].Ask<long>(direct ? "increment" : $"increment vm-{number}", Limit);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));
        var written = 0L;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async number =>
        {
            while (Stopwatch.GetElapsedTime(started) < measuredFor)
            {
                await WriteAsync(number);
                Interlocked.Increment(ref written);
            }
        }));
        return written / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task RecoveryAsync(ThrowawayPostgres server)
    {
        var store = PostgresStore.Of(server.NewDatabase());
        store.CreateAndVerify(100);
        var system = Bare(store, OwnSettings);
        await Task.WhenAll(Enumerable.Range(0, Recovering).Select(async number =>
        {
            var writer = system.ActorOf(Props.Create(() => new CounterEntity($"vm-{number}")));
            for (var written = 1; written < EventsToRecover; written++)
            {
                await writer.Ask<long>("increment", Limit);
            }
        }));
        await system.Terminate();
        for (var round = 1; round <= Rounds; round++)
        {
            system = Bare(store, "");
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, Recovering).Select(number =>
                system.ActorOf(Props.Create(() => new CounterEntity($"vm-{number}"))).Ask<long>(new Coordinator.Contracts.Nudge($"vm-{number}"), Limit)));
            Say($"round {round}: {Recovering} entities of {EventsToRecover} events recovered, with their first write, in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:N0} ms");
            await system.Terminate();
        }
    }

    private static void Say(FormattableString line) => Console.Error.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
