using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Reading;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Tests.Reading;

/// <summary>The sweeper with a probe for the VMs' entities.</summary>
public sealed class SweeperTests : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(1);

    private readonly SqliteTestDatabase _database = new();
    private readonly CoordinatorMetrics _metrics = new();

    public SweeperTests()
        : base("akka { loggers = [], actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
        Actors.Platform.SqlStore store = _database.NewVerifiedStore();
        _database.Execute("INSERT INTO vm_row (persistence_id, vm, sequence, fold_version, residence, host, is_outstanding, changed_at_us, view) VALUES ('vm-web-1', 'web-1', 1, 1, 'Resident', 'alpha', 1, 0, x'')");
        Region = CreateTestProbe();
        Sys.ActorOf(SweeperActor.Props(new ReadModelQueries(store), Region, new SweeperSettings(s_round, 100, TimeSpan.Zero), _metrics));
    }

    private TestProbe Region { get; }

    /// <summary>Its recovery is slow: it was spoken to again before it answered the first time (seen on a starved machine: nothing was counted then).</summary>
    [Fact]
    public async Task EntityThatNeedsLongerThanARoundToComeBack_IsCountedAllTheSame()
    {
        await Region.ExpectMsgAsync<Nudge>(s_patience);
        await Region.ExpectMsgAsync<Nudge>(s_patience);
        Region.Reply(new NudgeAnswered("web-1", (long)s_round.TotalMilliseconds / 2));

        Assert.True(await Eventually.IsTrue(() => Revivals() == 1, s_patience));
    }

    [Fact]
    public async Task EntityThatWasThere_IsNotCounted()
    {
        await Region.ExpectMsgAsync<Nudge>(s_patience);
        Region.Reply(new NudgeAnswered("web-1", (long)TimeSpan.FromHours(1).TotalMilliseconds));
        await Region.ExpectMsgAsync<Nudge>(s_patience);

        Assert.Equal(0, Revivals());
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _database.Dispose();
    }

    private double Revivals() => double.Parse(Line("coordinator_sweeper_revivals_total").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private string Line(string name)
    {
        using MemoryStream page = new();
        _metrics.Registry.CollectAndExportAsTextAsync(page).GetAwaiter().GetResult();
        return System.Text.Encoding.UTF8.GetString(page.ToArray()).Split('\n').SingleOrDefault(l => l.StartsWith(name + " ", StringComparison.Ordinal)) ?? $"{name} 0";
    }
}
