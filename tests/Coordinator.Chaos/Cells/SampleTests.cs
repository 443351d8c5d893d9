using Coordinator.Chaos.Laboratory;
using Xunit.Abstractions;

namespace Coordinator.Chaos.Cells;

/// <summary>Cells that say most: each phase and each part at least once, and those in which libvirt ends with two copies, with none, or with a stale one. `make chaos` runs all.</summary>
[Collection(OneAtATime.Name)]
public sealed class SampleTests(SharedLab lab, ITestOutputHelper output)
{
    public static TheoryData<string> Cells =>
    [
        "preparingdestination.register-opened.after.killdestinationagent",
        "iterating.attempt-started.before.killserver",
        "iterating.attempt-started.before.killsourceqemu",
        "iterating.attempt-started.after.killsourceagent",
        "iterating.mid-copy.after.killbothagents",
        "iterating.mid-copy.after.killdestinationqemu",
        "switchover.migrate-continue.before.killsourceagent",
        "switchover.released.before.killbothagents",
        "switchover.released.before.killdestinationqemu",
        "switchover.released.after.killsourceagent",
        "switchover.register-run.before.cutbetweenhosts",
        "switchover.register-run.after.killdestinationagent",
        "switchover.register-run.after.killdestinationqemu",
        "verifying.guest-runs-at-destination.before.killserver",
        "finishing.verdict-reached.after.killsourceagent",
        "rollingback.refusal-stored.before.killsourceagent",
        "switchover.register-run.after.killdestinationagent.ticking",
    ];

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Cell_OfTheSample_EndsWell(string name)
    {
        Cell cell = Matrix.Cells.Concat(Matrix.TickingCells).Single(one => one.Name == name);

        CellResult result = await lab.RunAsync(cell);

        output.WriteLine($"{Matrix.Line(result)}\n{result.Story}\n{string.Join('\n', result.Runs)}");
        Assert.True(result.IsGood, $"{Matrix.Line(result)}\n{result.Story}\n{string.Join('\n', result.Runs)}\n{lab.Log}");
    }
}
