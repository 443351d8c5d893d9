using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class HostVerbTests : IAsyncLifetime
{
    static readonly DateTimeOffset s_at = new(2026, 11, 23, 4, 5, 6, TimeSpan.Zero);

    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public async Task Cordon_SaysWhoSinceWhenAndWhy()
    {
        coordinator.Answers<SetCordonRequest>(_ => new Cordon { Host = "alpha", Cordoned = true, By = "ann", Reason = "new memory", Since = Timestamp.FromDateTimeOffset(s_at) });

        var run = await CoordctlRun.Of(coordinator, "host", "cordon", "alpha", "--reason", "new memory", "--by", "ann");

        Assert.Equal((ExitCode.Ok, "alpha is cordoned by ann since 2026-11-23 04:05:06 UTC: new memory\n"), (run.ExitCode, run.Output));
        Assert.Equal(new SetCordonRequest { RequestId = "coordctl-test", Host = "alpha", Cordoned = true, By = "ann", Reason = "new memory" }, coordinator.Request<SetCordonRequest>());
    }

    [Fact]
    public async Task Uncordon_SaysThatTheHostTakesGuests()
    {
        coordinator.Answers<SetCordonRequest>(_ => new Cordon { Host = "alpha" });

        Assert.Equal("alpha takes guests\n", (await CoordctlRun.Of(coordinator, "host", "uncordon", "alpha", "--by", "ann")).Output);
    }

    [Theory]
    [InlineData("host", "cordon", "alpha")]
    [InlineData("host", "drain", "alpha", "--dry-run", "--cancel")]
    [InlineData("host", "drain", "alpha", "--max-parallel", "many")]
    public async Task WrongWords_AreUsageErrors(params string[] words) => Assert.Equal(ExitCode.Usage, (await CoordctlRun.Of(coordinator, words)).ExitCode);

    [Fact]
    public async Task DryRun_ShowsWhoWouldGoWhere()
    {
        coordinator.Answers<DrainHostRequest>(_ => Guests(new Drain { Host = "alpha", AskedAt = Timestamp.FromDateTimeOffset(s_at) }, "Waiting"));

        var run = await CoordctlRun.Of(coordinator, "host", "drain", "alpha", "--dry-run", "--max-parallel", "3", "--stop-on-failures", "1", "--by", "ann");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.StartsWith("alpha would be drained so; nothing was begun\n2 waiting\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(
            new DrainHostRequest { RequestId = "coordctl-test", Host = "alpha", DryRun = true, MaxParallel = 3, StopOnFailures = 1, By = "ann", Reason = "drain" }, coordinator.Request<DrainHostRequest>());
    }

    [Fact]
    public async Task Drain_IsFollowedGuestByGuestToItsReport()
    {
        var looks = new Queue<Drain>(
        [
            Guests(new Drain { Id = "1", Host = "alpha", By = "ann", Reason = "x", AskedAt = Timestamp.FromDateTimeOffset(s_at) }, "Moving"),
            Guests(Ended("Drained", "2 guests were moved; the host is empty"), "Moved"),
        ]);
        coordinator.Answers<DrainHostRequest>(_ => Guests(new Drain { Id = "1", Host = "alpha", AskedAt = Timestamp.FromDateTimeOffset(s_at) }, "Waiting")).Answers<GetDrainRequest>(_ => looks.Dequeue());

        var run = await CoordctlRun.Of(coordinator, "host", "drain", "alpha");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(
            [
                "web-1 waiting to beta",
                "web-2 waiting to beta",
                "web-1 moving to beta",
                "web-2 moving to beta",
                "web-1 moved to beta (Verified, 21.00 ms)",
                "web-2 moved to beta (Verified, 21.00 ms)",
                "alpha: Drained after 60 s, asked for by ann: x",
                "2 guests were moved; the host is empty",
                "2 moved; largest blackout 21.00 ms",
            ],
            run.Output.Split('\n').Take(9));
    }

    [Fact]
    public async Task DrainThatLeftGuests_IsAFailureWithItsReasons()
    {
        var drain = Ended("Incomplete", "0 guests were moved; 1 run on there: web-1 could not be moved");
        drain.Guests.Add(new DrainedGuest { Vm = "web-1", State = "Left", Destination = "beta", Tries = 3, Sentence = "QEMU ended" });
        coordinator.Answers<GetDrainRequest>(_ => drain);

        var run = await CoordctlRun.Of(coordinator, "host", "drain", "alpha", "--status");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("1 left", run.Output, StringComparison.Ordinal);
        Assert.Contains("QEMU ended", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondDrain_IsRefusedWithTheServersSentence()
    {
        coordinator.Refuses<DrainHostRequest>(StatusCode.FailedPrecondition, "host alpha is being drained by ann");

        var run = await CoordctlRun.Of(coordinator, "host", "drain", "alpha");

        Assert.Equal((ExitCode.Refused, "coordctl: host alpha is being drained by ann\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Cancel_ShowsWhatGoesOn()
    {
        coordinator.Answers<CancelDrainRequest>(_ => Guests(Ended("Cancelled", "ended by ann: later; what it had asked for goes on"), "Moving"));

        var run = await CoordctlRun.Of(coordinator, "host", "drain", "alpha", "--cancel", "--reason", "later", "--by", "ann");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("ended by ann: later; what it had asked for goes on\n2 moving", run.Output, StringComparison.Ordinal);
        Assert.Equal(new CancelDrainRequest { Host = "alpha", By = "ann", Reason = "later" }, coordinator.Request<CancelDrainRequest>());
    }

    static Drain Ended(string outcome, string sentence) => new()
    {
        Id = "1",
        Host = "alpha",
        By = "ann",
        Reason = "x",
        Outcome = outcome,
        Sentence = sentence,
        AskedAt = Timestamp.FromDateTimeOffset(s_at),
        EndedAt = Timestamp.FromDateTimeOffset(s_at.AddMinutes(1)),
    };

    static Drain Guests(Drain drain, string state)
    {
        foreach (var vm in new[] { "web-1", "web-2" })
        {
            var guest = new DrainedGuest { Vm = vm, State = state, Destination = "beta" };
            if (state == "Moved")
            {
                (guest.Verdict, guest.BlackoutMicros, guest.Tries) = ("Verified", 21_000, 1);
                drain.LargestBlackoutMicros = 21_000;
            }

            drain.Guests.Add(guest);
        }

        return drain;
    }
}
