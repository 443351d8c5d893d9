using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace Coordinator.Load;

/// <summary>What <c>make load</c> does, small: every promise of it, and no judgement of any time.</summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task NodeWithMostShards_KilledUnderLoad_NothingIsLostNorDoubled_AndAllThatItDroveIsDrivenAgain()
    {
        StringBuilder said = new();
        await using LoadCluster cluster = await LoadCluster.StartAsync(nodes: 2, config: null, startAgainAfter: TimeSpan.FromSeconds(2));
        string directory = Directory.CreateTempSubdirectory("cl-").FullName;

        (int exitCode, JsonElement? report) = await Coordctl.LoadAsync(
            ["--hosts", "4", "--active", "40", "--queues", "4", "--copy-seconds", "4-12", "--duration", "15", "--processes", "1", "--seed", "7", "--settle", "240",
                "--at", "7", "--fault", cluster.KillsTheBiggest, "--metrics", cluster.Metrics, "--directory", directory],
            cluster.Servers, line => said.AppendLine(line), CancellationToken.None);

        string story = string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}\n{said}\n{report}\n{(exitCode == 0 ? "" : cluster.Log())}");
        output.WriteLine(story);
        Assert.True(exitCode == 0 && report is not null, story);
        JsonElement fault = report.Value.GetProperty("fault");
        Assert.True(report.Value.GetProperty("requests").GetInt32() >= 40, story);
        Assert.Equal(report.Value.GetProperty("requests").GetInt32(), report.Value.GetProperty("acknowledged").GetInt32());
        Assert.All(new[] { "lost", "doubled", "untrue" }, list => Assert.Equal(0, report.Value.GetProperty(list).GetArrayLength()));
        Assert.True(fault.GetProperty("newLives").GetInt32() > 0, story);
        Assert.Equal(0, fault.GetProperty("neverDrivenAgain").GetInt32());
        Assert.True(report.Value.GetProperty("cost").GetProperty("eventsPerMigration").GetDouble() > 5, story);
        Assert.True(report.Value.GetProperty("cost").GetProperty("journalBytesPerMigration").GetDouble() > 500, story);
        Assert.True(cluster.StartedAgain >= 1, story);
        Assert.False(Directory.Exists(directory), story);
    }
}
