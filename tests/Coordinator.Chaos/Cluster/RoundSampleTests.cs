using Xunit.Abstractions;

namespace Coordinator.Chaos.Cluster;

/// <summary>Two halves that both live, and the leader without the database: what a cluster gets wrong first. `make chaos-cluster` runs all rounds.</summary>
[Collection(OneAtATime.Name)]
public sealed class RoundSampleTests(ITestOutputHelper output)
{
    private static readonly string[] s_sample = ["cut.coordinator-0.from-both-others", "cut.coordinator-0.from-database"];

    [Fact]
    public async Task Rounds_OfTheSample_EndWell()
    {
        await using ClusterLab lab = await ClusterLab.StartAsync();
        foreach (string name in s_sample)
        {
            RoundResult result = await ClusterRounds.RunAsync(lab, ClusterFault.All.Single(fault => fault.Name == name));

            output.WriteLine(result.ToString());
            Assert.True(result.IsGood, $"{result}\n{lab.Log()}");
        }
    }
}
