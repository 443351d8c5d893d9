using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class AcknowledgedResultsTests
{
    [Fact]
    public void Migration_AcknowledgedAndEnded_IsGood() => Assert.Empty(AcknowledgedResults.Check(Good().Records));

    [Fact]
    public void Migration_InDoubtAtTheEnd_IsAllowed() => Assert.Empty(AcknowledgedResults.Check(new MigrationHistory().Acknowledged(1).Seen(2, MigrationPhase.InDoubt).Records));

    [Fact]
    public void Migration_DoubtResolvedLater_IsAllowed() =>
        Assert.Empty(AcknowledgedResults.Check(new MigrationHistory().Acknowledged(1).Seen(2, MigrationPhase.InDoubt).Seen(3, MigrationPhase.Lost).Records));

    [Fact]
    public void Request_AcknowledgedAsAnotherMigration_IsNamed()
    {
        Violation violation = Assert.Single(AcknowledgedResults.Check(
            Good().Acknowledged(300, migration: new Guid("22222222-0000-0000-0000-000000000000")).Add(new ResultSeen(Micros(400), Vm, new Guid("22222222-0000-0000-0000-000000000000"), MigrationPhase.Failed, null)).Records));
        Assert.Equal("request r-1 of vm-1 was acknowledged as migration 11111111-0000-0000-0000-000000000000 at 2.000 ms and as migration 22222222-0000-0000-0000-000000000000 at 300.000 ms", violation.Sentence);
    }

    [Fact]
    public void Result_ChangesItsPhase_IsNamed()
    {
        Violation violation = Assert.Single(AcknowledgedResults.Check(Good().Seen(300, MigrationPhase.Cancelled).Records));
        Assert.Contains("had ended as Succeeded (Verified) at 200.000 ms and was shown as Cancelled at 300.000 ms", violation.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Result_ChangesItsVerdict_IsFound() => Assert.Single(AcknowledgedResults.Check(Good().Seen(300, MigrationPhase.Succeeded, MigrationVerdict.Suspect).Records));

    [Fact]
    public void Migration_StillIteratingAtTheEnd_IsNamed()
    {
        Violation violation = Assert.Single(AcknowledgedResults.Check(new MigrationHistory().Acknowledged(1).Seen(2, MigrationPhase.Iterating).Records));
        Assert.EndsWith("was last seen in Iterating at 2.000 ms: neither ended nor in doubt", violation.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Migration_NeverSeenAgain_IsFound() => Assert.Contains("was never seen again", Assert.Single(AcknowledgedResults.Check(new MigrationHistory().Acknowledged(1).Records)).Sentence, StringComparison.Ordinal);
}
