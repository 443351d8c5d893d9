using System.Collections.Immutable;
using System.Diagnostics;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

public sealed class FleetBoardTests
{
    private readonly StandingClock _clock = new();
    private readonly FleetBoard _board;

    public FleetBoardTests() => _board = new FleetBoard(_clock);

    [Fact]
    public void OlderVersion_ChangesNothing()
    {
        Assert.True(_board.Show(Summaries.Of("web-1", sequence: 5, phase: "Switchover")));
        Assert.False(_board.Show(Summaries.Of("web-1", sequence: 4)));
        Assert.False(_board.Show(Summaries.Of("web-1", sequence: 5)));

        Assert.Equal("Switchover", Assert.Single(Next().Vms).Phase);
    }

    [Fact]
    public void EntityThatMoved_IsShownThoughItCountsItsSamplesAnew()
    {
        _board.Show(Summaries.Of("web-1", sequence: 5, samples: 300));
        Assert.True(_board.Show(Summaries.Of("web-1", sequence: 5, samples: 1, node: "node-2")));
        Assert.False(_board.Show(Summaries.Of("web-1", sequence: 4, samples: 9, node: "node-3")));

        Assert.Equal("node-2", Assert.Single(Next().Vms).Node);
    }

    [Fact]
    public void Picture_CountsPhasesAndHosts()
    {
        _board.Show(Summaries.Of("a"));
        _board.Show(Summaries.Of("b", phase: "InDoubt"));
        _board.Show(Summaries.Of("c", phase: "InDoubt"));
        _board.Show(Summaries.Of("d", phase: "Succeeded"));
        _board.Show(Summaries.Of("e", phase: ""));

        FleetPicture picture = Next();

        Assert.Equal((5, 3, 2), (picture.Vms.Count, picture.UnderWay, picture.InDoubt));
        Assert.Equal(new HostTraffic(In: 0, Out: 3), picture.Hosts["host-a"]);
        Assert.Equal(new HostTraffic(In: 3, Out: 0), picture.Hosts["host-b"]);
    }

    [Fact]
    public void Recent_CountsEachMigrationOnceAndForgetsItAfterItsTime()
    {
        DateTimeOffset asked = _clock.Now;
        _board.Show(Summaries.Of("a", sequence: 1, requestedAt: asked));
        _board.Show(Summaries.Of("a", sequence: 2, requestedAt: asked));
        _board.Show(Summaries.Of("a", sequence: 3, phase: "Succeeded", requestedAt: asked, endedAt: asked.AddSeconds(10)));
        _board.Show(Summaries.Of("b", sequence: 3, phase: "Failed", requestedAt: asked.AddHours(-2), endedAt: asked));
        _board.Show(Summaries.Of("c", sequence: 3, phase: "Succeeded", requestedAt: asked.AddHours(-2), endedAt: asked.AddHours(-1)));
        Assert.Equal(new RecentCounts(Started: 1, Succeeded: 1, Failed: 1, Cancelled: 0, Lost: 0), Next().Recent);

        _clock.Now += RecentMigrations.Window + TimeSpan.FromSeconds(5);
        Assert.Equal(new RecentCounts(0, 1, 0, 0, 0), Next().Recent);

        _clock.Now += TimeSpan.FromMinutes(1);
        Assert.Equal(RecentCounts.None, Next().Recent);
    }

    [Fact]
    public void History_IsOlderThanAnyWordOfALivingEntity()
    {
        _board.Show(Summaries.Of("a", sequence: 9, phase: "Verifying"));

        _board.Fill(new FleetHistory([Summaries.Of("a", sequence: 9, node: ""), Summaries.Of("b", sequence: 2, phase: "Failed", node: "")], []));

        FleetPicture picture = Next();
        Assert.True(picture.IsFilled);
        Assert.Equal(["Failed", "Verifying"], picture.Vms.Select(v => v.Phase).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Settled_AreBoundedAndNothingUnfinishedIsForgotten()
    {
        FleetBoard board = new(_clock, maxSettled: 100);
        for (int i = 0; i < 5_000; i++)
        {
            board.Show(Summaries.Of($"done-{i}", sequence: i + 1, phase: i % 2 == 0 ? "Succeeded" : ""));
            board.Show(Summaries.Of($"going-{i}", sequence: 1));
        }

        IReadOnlyList<VmSummary> vms = board.Picture().Vms;

        Assert.Equal(5_000, vms.Count(v => v.Phase == "Iterating"));
        Assert.InRange(vms.Count - 5_000, 100, 1_100);
        Assert.Contains(vms, v => v.Vm == "done-4999");
        Assert.DoesNotContain(vms, v => v.Vm == "done-0");
    }

    [Fact]
    public void LostNodes_AreInThePicture()
    {
        _board.Show(Summaries.Of("a"));
        long before = Next().Version;

        _board.ShowLost(ImmutableHashSet.Create("node-1"));

        FleetPicture after = Next();
        Assert.True(after.Version > before);
        Assert.Contains("node-1", after.LostNodes);
    }

    [Fact]
    public async Task Look_GivesTheNewestPictureToEachViewerAndCountsThem()
    {
        using CancellationTokenSource stop = new();
        FleetBoard board = new(TimeProvider.System);
        int firstLooks = 0;
        board.LookedAt += () => firstLooks++;
        await using IAsyncEnumerator<FleetPicture> one = board.Look(stop.Token).GetAsyncEnumerator();
        await using IAsyncEnumerator<FleetPicture> two = board.Look(stop.Token).GetAsyncEnumerator();
        Assert.True(await one.MoveNextAsync());
        Assert.True(await two.MoveNextAsync());
        Assert.Equal((2, 1), (board.Viewers, firstLooks));

        for (int i = 0; i < 1_000; i++)
        {
            board.Show(Summaries.Of("web-1", sequence: i + 1));
        }

        Task<bool> next = one.MoveNextAsync().AsTask();
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(await two.MoveNextAsync());
        Assert.Same(one.Current, two.Current);
        Assert.Equal(1_000L << 20, Assert.Single(one.Current.Vms).Version);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.MoveNextAsync().AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two.MoveNextAsync().AsTask());
        Assert.True(await Eventually.IsTrue(() => Task.FromResult(board.Viewers == 0), TimeSpan.FromSeconds(30)));
    }

    /// <summary>10,000 active migrations, each with a new line every second: one second of that, and four pictures of it, must be a small part of a second.</summary>
    [Fact]
    public void TenThousandActive_CostLittle()
    {
        for (int round = 0; round < 3; round++)
        {
            ShowAll(round);
            Next();
        }

        Stopwatch took = Stopwatch.StartNew();
        ShowAll(3);
        for (int picture = 0; picture < 4; picture++)
        {
            _board.Show(Summaries.Of("vm-0", sequence: 4, samples: 1 + picture));
            Assert.Equal(10_000, Next().UnderWay);
        }

        took.Stop();
        Assert.True(took.ElapsedMilliseconds < 500, $"{took.ElapsedMilliseconds} ms");

        void ShowAll(int round)
        {
            for (int i = 0; i < 10_000; i++)
            {
                _board.Show(Summaries.Of($"vm-{i}", sequence: round + 1, requestedAt: _clock.Now));
            }
        }
    }

    /// <summary>The next picture that may be made: at most four a second are.</summary>
    private FleetPicture Next()
    {
        _clock.Now += TimeSpan.FromMilliseconds(300);
        return _board.Picture();
    }
}
