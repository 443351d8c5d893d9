using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Failpoints;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class ChaosVerbTests
{
    [Fact]
    public async Task ChaosFailpoints_WithoutACoordinator_ListsEveryPointWithItsMeaning()
    {
        var run = await CoordctlRun.With(new(), "chaos", "failpoints");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(FailpointCatalogue.All.Count, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Matches(@"(?m)^agent\.register\.set-run\.after +after: the register file: set-run, written and synced$", run.Output);
    }
}
