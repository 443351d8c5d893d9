using Coordinator.Cli.Load;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;
using Xunit;

namespace Coordinator.Cli.Tests.Load;

/// <summary>Each thing that a load may find wrong, found: a judge that never says no would make every run look good.</summary>
public sealed class LoadJudgeTests
{
    static readonly VmName s_vm = new("load-1-v1");
    static readonly Copy s_source = new(new HostName("h1"), "a");
    static readonly Copy s_destination = new(new HostName("h2"), "b");

    static readonly HistoryRecord[] s_moved =
    [
        new RunBegan(1_000, s_vm, s_source), new RunEnded(5_000, s_vm, s_source, ProcessEnded: false), new RunBegan(5_400, s_vm, s_destination),
    ];

    [Fact]
    public void AMoveThatAllAgreeOn_IsGood_AndItsStandstillIsTheGuestsOwn()
    {
        var judge = Judge(s_moved, [Listed("m1", "Succeeded")], [Asked("r1", "m1")]);

        Assert.Empty(judge.Lost());
        Assert.Empty(judge.Doubled());
        Assert.Empty(judge.Untrue());
        Assert.Equal(new GuestMove("h2", 5_400, 400), Assert.Single(judge.Moves()).Move);
        Assert.Equal(1, judge.Outcomes()["Succeeded Verified"]);
    }

    [Fact]
    public void AcknowledgedAndUnknownLater_IsLost() =>
        Assert.Equal(["migration m2 of load-1-v1 was acknowledged and is unknown"], Judge(s_moved, [Listed("m1", "Succeeded")], [Asked("r1", "m1"), Asked("r2", "m2")]).Lost());

    [Fact]
    public void NeverOver_IsLost() =>
        Assert.Contains("never ended; it is in phase Iterating", Assert.Single(Judge(s_moved[..1], [Listed("m1", "Iterating")], [Asked("r1", "m1")]).Lost()), StringComparison.Ordinal);

    [Fact]
    public void TwoCopiesAtOnce_AreDoubled()
    {
        HistoryRecord[] both = [s_moved[0], new RunBegan(4_000, s_vm, s_destination), s_moved[1]];

        Assert.Contains("two copies of load-1-v1 ran at once", Assert.Single(Judge(both, [Listed("m1", "Succeeded")], [Asked("r1", "m1")]).Doubled()), StringComparison.Ordinal);
    }

    [Fact]
    public void TwoMigrationsForOneRequest_AreDoubled() =>
        Assert.Equal(["load-1-v1 has 2 migrations, and only 1 were asked for"], Judge(s_moved, [Listed("m2", "Failed"), Listed("m1", "Succeeded")], [Asked("r1", "m1")]).Doubled());

    [Fact]
    public void OneMigrationForTwoRequests_IsDoubled() =>
        Assert.Equal(["migration m1 was the answer to 2 requests"], Judge(s_moved, [Listed("m1", "Succeeded")], [Asked("r1", "m1"), Asked("r2", "m1")]).Doubled());

    [Fact]
    public void SucceededAndTheGuestDidNotMove_IsUntrue() =>
        Assert.Equal(["load-1-v1 moved to [] by its own word, and to [h2] by its migrations'"], Judge(s_moved[..1], [Listed("m1", "Succeeded")], [Asked("r1", "m1")]).Untrue());

    [Fact]
    public void FailedAndTheGuestRunsNowhere_IsUntrue() =>
        Assert.Contains("runs on no host by its own word; its last migration ended Failed and leaves it on h1", Assert.Single(Judge(s_moved[..2], [Listed("m1", "Failed")], [Asked("r1", "m1")]).Untrue()), StringComparison.Ordinal);

    [Fact]
    public void AResultThatChanged_IsUntrue()
    {
        var asked = Asked("r1", "m1");
        asked.Ended = Listed("m1", "Cancelled");

        Assert.Contains("migration m1 of load-1-v1 had ended Cancelled, and now it is Succeeded", Judge(s_moved, [Listed("m1", "Succeeded")], [asked]).Untrue());
    }

    [Theory]
    [InlineData(new[] { 5.0 }, 5.0, 5.0, 5.0)]
    [InlineData(new[] { 3.0, 1.0, 2.0, 4.0 }, 2.0, 4.0, 4.0)]
    public void Distribution_GivesFiguresThatWereMeasured(double[] values, double p50, double p99, double max)
    {
        var of = Distribution.Of(values)!;

        Assert.Equal((values.Length, p50, p99, max), (of.Count, of.P50, of.P99, of.Max));
        Assert.Null(Distribution.Of([]));
    }

    static LoadJudge Judge(IReadOnlyList<HistoryRecord> history, IReadOnlyList<Migration> listed, IReadOnlyList<LoadedMigration> asked) =>
        new(asked, new Dictionary<string, IReadOnlyList<Migration>> { [s_vm.Value] = listed }, new GuestEvidence(history));

    static Migration Listed(string id, string phase) => new()
    {
        Id = id,
        Vm = s_vm.Value,
        SourceHost = "h1",
        DestinationHost = "h2",
        Phase = phase,
        Terminal = phase is "Succeeded" or "Failed" or "Cancelled",
        Verdict = phase == "Succeeded" ? "Verified" : "",
    };

    static LoadedMigration Asked(string request, string id) => new(s_vm.Value, request) { Id = id, AcknowledgedAfter = TimeSpan.FromMilliseconds(5) };
}
