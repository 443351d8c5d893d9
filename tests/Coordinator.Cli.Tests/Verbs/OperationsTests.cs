using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class OperationsTests : IAsyncLifetime
{
    static readonly Hold s_held = new() { Held = true, By = "ann", Reason = "switch upgrade", Since = Timestamp.FromDateTimeOffset(new(2026, 11, 23, 4, 5, 6, TimeSpan.Zero)) };

    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public async Task HoldOn_SaysWhoSinceWhenAndWhy()
    {
        coordinator.Answers<SetHoldRequest>(_ => s_held);

        var run = await CoordctlRun.Of(coordinator, "hold", "on", "--reason", "switch upgrade", "--by", "ann");

        Assert.Equal((ExitCode.Ok, "held by ann since 2026-11-23 04:05:06 UTC: switch upgrade\n"), (run.ExitCode, run.Output));
        Assert.Equal(new SetHoldRequest { RequestId = "coordctl-test", Held = true, By = "ann", Reason = "switch upgrade" }, coordinator.Request<SetHoldRequest>());
    }

    [Fact]
    public async Task HoldOff_AndHold_ShowThatThereIsNone()
    {
        coordinator.Answers<SetHoldRequest>(_ => new Hold()).Answers<GetHoldRequest>(_ => new Hold());

        Assert.Equal("not held\n", (await CoordctlRun.Of(coordinator, "hold", "off", "--by", "ann")).Output);
        Assert.Equal("not held\n", (await CoordctlRun.Of(coordinator, "hold")).Output);
    }

    [Fact]
    public async Task HoldOn_WithoutAReason_IsAUsageError() => Assert.Equal(ExitCode.Usage, (await CoordctlRun.Of(coordinator, "hold", "on")).ExitCode);

    [Fact]
    public async Task SecondHold_IsRefusedWithTheServersSentence()
    {
        coordinator.Refuses<SetHoldRequest>(StatusCode.FailedPrecondition, "all migrations are held by ann");

        var run = await CoordctlRun.Of(coordinator, "hold", "on", "--reason", "x");

        Assert.Equal((ExitCode.Refused, "coordctl: all migrations are held by ann\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Alerts_AreDoubtsAndForeignRunsThatAreNotOver()
    {
        Migration doubt = new() { Id = "1", Vm = "web-1", SourceHost = "alpha", DestinationHost = "beta", Attempt = 2, Phase = "InDoubt", Reason = "attempt 2: source alpha is silent" };
        doubt.Timeline.Add(new TimelineEntry { Event = "DoubtRaised", At = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) });
        Migration foreign = new() { Id = "2", Vm = "web-2", SourceHost = "alpha", DestinationHost = "beta", Attempt = 1, Phase = "Iterating" };
        foreign.Timeline.Add(new TimelineEntry { Event = "ForeignRunReported", Detail = "ALARM: a copy ran without a grant on beta", At = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) });
        Migration over = foreign.Clone();
        (over.Vm, over.Phase, over.Terminal) = ("web-3", "Succeeded", true);
        ListMigrationsResponse list = new() { Migrations = { doubt, foreign, over, new Migration { Vm = "web-4", Phase = "Iterating" } } };
        coordinator.Answers<ListMigrationsRequest>(_ => list);

        var run = await CoordctlRun.Of(coordinator, "get", "alerts");

        Assert.Equal(ExitCode.InDoubt, run.ExitCode);
        Assert.Contains("MigrationInDoubt", run.Output, StringComparison.Ordinal);
        Assert.Contains("attempt 2: source alpha is silent", run.Output, StringComparison.Ordinal);
        Assert.Contains("ForeignRun", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("web-3", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("web-4", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_WhenThereIsNone_AreASentenceAndSuccess()
    {
        coordinator.Answers<ListMigrationsRequest>(_ => new ListMigrationsResponse { Migrations = { new Migration { Vm = "web-4", Phase = "Iterating" } } });

        var run = await CoordctlRun.Of(coordinator, "get", "alerts");

        Assert.Equal((ExitCode.Ok, "nothing needs a person\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task JournalBackup_WithoutADirectoryOrASibling_SaysWhatIsMissing()
    {
        var nowhere = await CoordctlRun.With(new(), "journal", "backup", "b.db");
        Assert.Equal(ExitCode.Usage, nowhere.ExitCode);
        Assert.Contains("--data DIR is needed", nowhere.Error, StringComparison.Ordinal);

        var alone = await CoordctlRun.With(new(), "journal", "backup", "b.db", "--data", "/tmp");
        Assert.Equal(ExitCode.Failed, alone.ExitCode);
        Assert.Contains("belongs beside coordctl", alone.Error, StringComparison.Ordinal);
    }
}
