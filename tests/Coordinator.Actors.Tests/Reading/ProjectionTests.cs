using Coordinator.Actors.Reading;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Domain;
using Coordinator.Journal;
using Coordinator.PostgresLab;
using Coordinator.ReadModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Reading;

public sealed class SqliteProjectionTests() : ProjectionTests(new SqliteTestDatabase());

public sealed class PostgresProjectionTests(ThrowawayPostgres server) : ProjectionTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>
{
    /// <summary>PostgreSQL gives the numbers before the commits: here one that comes after the projection's patience.</summary>
    [Fact]
    public async Task Event_CommittedAfterItsPlaceWasLeft_IsFoldedLate()
    {
        await Kit.Write("a", ProjectionKit.Started("alpha"));
        using (var connection = Kit.Store.Open())
        using (var late = connection.BeginTransaction())
        {
            new SqlSession(connection, late).Execute("SET LOCAL idle_in_transaction_session_timeout = 0; " + CopyOf("a", to: "late", 3));
            await Kit.Write("b", ProjectionKit.Started("beta"));
            Kit.Project(gapPatience: TimeSpan.FromMilliseconds(200));
            await Kit.CaughtUp();
            Assert.Equal(["a", "b"], Names(""));
            Assert.Equal(1, Kit.Waits);
            late.Commit();
        }

        Assert.True(await Eventually.IsTrue(() => Names("").SequenceEqual(["a", "b", "late"]), ProjectionKit.Limit));
    }

    /// <summary>The same, while the node that waited ends.</summary>
    [Fact]
    public async Task Event_CommittedWhileNobodyProjected_IsFoldedByTheNext()
    {
        await Kit.Write("a", ProjectionKit.Started("alpha"));
        using (var connection = Kit.Store.Open())
        using (var late = connection.BeginTransaction())
        {
            new SqlSession(connection, late).Execute("SET LOCAL idle_in_transaction_session_timeout = 0; " + CopyOf("a", to: "late", 3));
            await Kit.Write("b", ProjectionKit.Started("beta"));
            var stop = Kit.Project(gapPatience: TimeSpan.FromMilliseconds(200));
            await Kit.CaughtUp();
            await stop();
            late.Commit();
        }

        Kit.Project();
        Assert.True(await Eventually.IsTrue(() => Names("").SequenceEqual(["a", "b", "late"]), ProjectionKit.Limit));
    }

    private static string CopyOf(string vm, string to, int events) =>
        $"""
        INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
        SELECT created, deleted, 'vm-{to}', sequence_number, message, manifest, identifier, writer_uuid FROM journal
        WHERE persistence_id = 'vm-{vm}' AND sequence_number <= {events} ORDER BY sequence_number
        """;
}

public abstract class ProjectionTests : IAsyncLifetime
{
    protected ProjectionTests(TestDatabase database) => Kit = new ProjectionKit(database);

    private protected ProjectionKit Kit { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Kit.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Lists_AreWhatTheJournalSays()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        Kit.Project();
        await Kit.Write("web-1", ProjectionKit.Started("alpha"));
        await Kit.Write("web-1", ProjectionKit.Migration(first, "alpha", "beta"));
        await Kit.CaughtUp();
        Assert.Equal(["web-1"], Kit.Queries.Outstanding());
        Assert.Equal(("Scheduling", first.ToString()), (Migrations()[0].Phase, Migrations()[0].Id));

        await Kit.Write("web-1", ProjectionKit.Ended("no room"));
        await Kit.Write("web-1", ProjectionKit.Migration(second, "alpha", "gamma"));
        await Kit.Write("web-2", ProjectionKit.Started("beta"));
        await Kit.CaughtUp();

        Assert.Equal([("Scheduling", "gamma"), ("Failed", "beta")], Migrations().Select(m => (m.Phase, m.DestinationHost)));
        Assert.Equal("no room", Migrations()[1].Reason);
        Assert.Equal([second.ToString()], Migrations(phases: ["Scheduling", "InDoubt"]).Select(m => m.Id));
        Assert.Equal([first.ToString()], Migrations(host: "beta").Select(m => m.Id));
        Assert.Equal(2, Migrations(vm: "web-1", host: "alpha").Count);
        Assert.Empty(Migrations(vm: "web-2"));
        Assert.Equal(["web-1", "web-2"], Names(""));
        Assert.Equal(["web-2"], Names("beta"));
        Assert.Equal(["web-2"], Kit.Queries.Residents()["beta"]);
        Assert.Empty(Kit.Said);
    }

    [Fact]
    public async Task Pages_OfAnySize_GiveEachRowOnce()
    {
        foreach (var vm in Enumerable.Range(0, 7))
        {
            await Kit.Write($"vm-{vm}", [.. ProjectionKit.Started("alpha"), .. ProjectionKit.Migration(Guid.NewGuid(), "alpha", "beta")]);
        }

        Kit.Project();
        await Kit.CaughtUp();
        for (var size = 1; size <= 8; size++)
        {
            Assert.Equal(Names(""), Walk(token => Kit.Queries.VirtualMachines("", size, token)).Select(view => Api.VirtualMachine.Parser.ParseFrom(view).Name));
            Assert.Equal(Migrations().Select(m => m.Id), Walk(token => Kit.Queries.Migrations("", "", [], size, token)).Select(view => Api.Migration.Parser.ParseFrom(view).Id));
        }

        Assert.Throws<PageTokenException>(() => Kit.Queries.Migrations("", "", [], 3, "nonsense"));
        Assert.Throws<PageTokenException>(() => Kit.Queries.Migrations("", "", [], 3, Kit.Queries.VirtualMachines("", 3, "").Next));
    }

    [Fact]
    public async Task TwoProjectionsAtOnce_LoseNothing()
    {
        Kit.Project();
        Kit.Project();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async writer =>
        {
            for (var round = 0; round < 10; round++)
            {
                var kitVm = $"vm-{writer}";
                await Kit.Write(kitVm, round == 0 ? ProjectionKit.Started("alpha") : [.. ProjectionKit.Migration(Guid.NewGuid(), "alpha", "beta"), ProjectionKit.Ended($"round {round}")]);
            }
        }));
        await Kit.CaughtUp();
        Assert.Equal(45, Migrations().Count);
        Assert.All(Migrations(), migration => Assert.Equal("Failed", migration.Phase));
        Assert.Equal(5, Migrations().Count(migration => migration.Reason == "round 9"));
    }

    [Fact]
    public async Task OtherFolds_MakeEveryRowAnewAndListsStayWhole()
    {
        await Kit.Write("web-1", [.. ProjectionKit.Started("alpha"), .. ProjectionKit.Migration(Guid.NewGuid(), "alpha", "beta")]);
        await Kit.Write("web-2", ProjectionKit.Started("beta"));
        var stop = Kit.Project();
        await Kit.CaughtUp();
        await stop();

        Kit.Project(new RelabelledFolds());
        Assert.True(await Eventually.IsTrue(
            () =>
            {
                Assert.Equal(["web-1", "web-2"], Names(""));
                return Names("relabelled").Count == 2;
            },
            ProjectionKit.Limit));
    }

    [Fact]
    public async Task Rebuild_ByAPersonBesideARunningProjection_GivesTheSameRows()
    {
        await Kit.Write("web-1", [.. ProjectionKit.Started("alpha"), .. ProjectionKit.Migration(Guid.NewGuid(), "alpha", "beta")]);
        Kit.Project();
        await Kit.CaughtUp();
        var before = Migrations();

        new ReadModelTables(Kit.Store).BeginAnew(foldVersion: 0, removeRows: true);
        Assert.True(await Eventually.IsTrue(() => Migrations().SequenceEqual(before), ProjectionKit.Limit));
    }

    [Fact]
    public async Task UnreadableHistory_HoldsUpNobodyElse()
    {
        await Kit.Write("bad", ProjectionKit.Started("alpha"));
        using (var connection = Kit.Store.Open())
        {
            new SqlSession(connection).Execute("UPDATE journal SET manifest = 'zz9' WHERE persistence_id = 'vm-bad' AND sequence_number = 2");
        }

        Kit.Project();
        await Kit.Write("good", ProjectionKit.Started("alpha"));
        await Kit.CaughtUp();
        Assert.Equal(["good"], Names(""));
        Assert.Contains("unreadable bad", Kit.Said);
    }

    [Fact]
    public async Task CatchUp_NobodyProjects_SaysSo()
    {
        await Kit.Write("web-1", ProjectionKit.Started("alpha"));
        Assert.False(await Kit.Queries.CatchUp(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None));
    }

    private protected IReadOnlyList<string> Names(string host) =>
        [.. Kit.Queries.VirtualMachines(host, 0, "").Views.Select(view => Api.VirtualMachine.Parser.ParseFrom(view).Name)];

    private List<Api.Migration> Migrations(string vm = "", string host = "", params string[] phases) =>
        [.. Kit.Queries.Migrations(vm, host, phases, 0, "").Views.Select(Api.Migration.Parser.ParseFrom)];

    private static List<byte[]> Walk(Func<string, Page> next)
    {
        List<byte[]> views = [];
        for (var token = ""; ;)
        {
            var page = next(token);
            views.AddRange(page.Views);
            if ((token = page.Next).Length == 0)
            {
                return views;
            }
        }
    }

    private sealed class RelabelledFolds : IVmFolds
    {
        public int Version => 2;

        public IVmFold Begin(VmName vm) => new Relabelled(new VmFold(vm));

        private sealed class Relabelled(VmFold fold) : IVmFold
        {
            public long Sequence => fold.Sequence;

            public void Apply(VmRecord record, long sequence) => fold.Apply(record, sequence);

            public VmRows TakeRows() => fold.TakeRows() is var rows ? rows with { Vm = rows.Vm with { Host = "relabelled" } } : rows;
        }
    }
}
