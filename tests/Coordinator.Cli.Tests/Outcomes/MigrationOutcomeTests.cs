using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Xunit;

namespace Coordinator.Cli.Tests.Outcomes;

public sealed class MigrationOutcomeTests
{
    [Theory]
    [InlineData("Succeeded", "Verified", 0, 1)]
    [InlineData("Succeeded", "Verified(lap-blind)", 0, 1)]
    [InlineData("Succeeded", "Suspect", 6, 1)]
    [InlineData("Succeeded", "", 6, 1)]
    [InlineData("Failed", "Refused", 1, 1)]
    [InlineData("Failed", "", 1, 1)]
    [InlineData("Cancelled", "", 1, 0)]
    [InlineData("Lost", "", 1, 1)]
    [InlineData("InDoubt", "", 6, 6)]
    public void CodeOf_Ends_AreWhatScriptsBranchOn(string phase, string verdict, int migrate, int cancel)
    {
        var migration = new Migration { Vm = "demo", Phase = phase, Verdict = verdict, Terminal = phase != "InDoubt" };

        Assert.Equal(migrate, MigrationOutcome.CodeOf(migration));
        Assert.Equal(cancel, MigrationOutcome.CodeOfCancel(migration));
        Assert.True(MigrationOutcome.EndsWatch(migration));
    }

    [Fact]
    public void EndsWatch_UnderWay_DoesNot() => Assert.False(MigrationOutcome.EndsWatch(Samples.Iterating()));

    [Fact]
    public void SentenceOf_Ends_SayWhereTheGuestIs()
    {
        Assert.Equal("demo runs on beta, Verified", MigrationOutcome.SentenceOf(Samples.Succeeded()));
        Assert.StartsWith("demo was refused at beta and stays on alpha: net0 tx0", MigrationOutcome.SentenceOf(Samples.Refused()), StringComparison.Ordinal);
        Assert.StartsWith("it is in doubt where demo runs: beta is unreachable", MigrationOutcome.SentenceOf(Samples.InDoubt()), StringComparison.Ordinal);
        Assert.Equal("demo is lost: no copy is left", MigrationOutcome.SentenceOf(new Migration { Vm = "demo", Phase = "Lost", Reason = "no copy is left" }));
        Assert.Equal("the migration was cancelled; demo stays on alpha", MigrationOutcome.SentenceOf(new Migration { Vm = "demo", SourceHost = "alpha", Phase = "Cancelled" }));
    }
}
