using System.Text.RegularExpressions;
using Coordinator.Lab;
using YamlDotNet.RepresentationModel;

namespace Coordinator.Runbooks;

/// <summary>What can be said of the pages, units and rules without running anything.</summary>
public sealed partial class PagesTests
{
    public static TheoryData<string> Pages => [.. Directory.GetFiles(Runbook.Folder, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n != "README")];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_SaysWhatToDoAndWhatNot(string name)
    {
        var page = Runbook.Read(name);

        Assert.NotEmpty(page.Blocks);
        Assert.Empty(page.UsedNames.Except(page.Names));
        Assert.NotEqual("", Runbook.Section(page.Text, "Do not"));
        Assert.Contains($"]({name}.md)", File.ReadAllText(Path.Combine(Runbook.Folder, "README.md")), StringComparison.Ordinal);
        Assert.Contains($"StartAsync(\"{name}\"", File.ReadAllText(Path.Combine(LabFolder.RepositoryRoot, "tests", "Coordinator.Runbooks", "RunbookTests.cs")), StringComparison.Ordinal);
        Assert.All(Link().Matches(page.Text).Select(m => m.Groups[1].Value), link => Assert.True(File.Exists(Path.Combine(Runbook.Folder, link)), $"{name} names {link}"));
    }

    [Theory]
    [InlineData("a: ... UTC", "a: 12 UTC", null)]
    [InlineData("a\nb", "x\na  b\nc b", null)]
    [InlineData("b\na", "a\nb", "a")]
    [InlineData("...ended", "it has not", "...ended")]
    public void Sight_WantsEveryPatternInItsOrder(string patterns, string output, string? missing) => Assert.Equal(missing, Sight.Missing(patterns.Split('\n'), output));

    [Fact]
    public void Rules_AreYamlAndEveryAlertHasASeverityAMetricAndAPage()
    {
        YamlStream rules = [];
        using StreamReader file = File.OpenText(Path.Combine(LabFolder.RepositoryRoot, "docker", "prometheus", "coordinator.rules.yml"));
        rules.Load(file);
        var groups = (YamlSequenceNode)rules.Documents[0].RootNode["groups"];
        YamlMappingNode[] alerts = [.. groups.SelectMany(g => (YamlSequenceNode)g["rules"]).Cast<YamlMappingNode>().Where(r => r.Children.ContainsKey("alert"))];
        string[] metrics = [.. Metric().Matches(MetricSource()).Select(m => m.Groups[1].Value)];

        Assert.NotEmpty(metrics);
        Assert.Contains(alerts, a => a["alert"].ToString() == "MigrationInDoubt" && a["labels"]["severity"].ToString() == "critical" && !a.Children.ContainsKey("for"));
        Assert.All(alerts, alert =>
        {
            Assert.Contains(alert["labels"]["severity"].ToString(), new[] { "critical", "warning" });
            Assert.True(File.Exists(Path.Combine(LabFolder.RepositoryRoot, alert["annotations"]["runbook_url"].ToString())), alert["alert"].ToString());
            string[] used = [.. Used().Matches(alert["expr"].ToString()).Select(m => m.Value)];
            Assert.NotEmpty(used);
            Assert.All(used, metric => Assert.Contains(metric, metrics));
        });
    }

    [Fact]
    public void AgentUnit_DoesNotEndGuestsAndIsAlwaysRestarted()
    {
        string unit = File.ReadAllText(Path.Combine(LabFolder.RepositoryRoot, "docker", "systemd", "coordinator-agent.service"));

        Assert.Contains("\nKillMode=process\n", unit, StringComparison.Ordinal);
        Assert.Contains("\nRestart=always\n", unit, StringComparison.Ordinal);
    }

    private static string MetricSource() =>
        string.Join('\n', Directory.GetFiles(Path.Combine(LabFolder.RepositoryRoot, "src", "Coordinator.Actors", "Metrics"), "*.cs").Select(File.ReadAllText));

    [GeneratedRegex(@"\]\((?<page>[a-z-]+\.md)\)", RegexOptions.NonBacktracking)]
    private static partial Regex Link();

    [GeneratedRegex("\"(?<metric>coordinator_[a-z_]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Metric();

    [GeneratedRegex("coordinator_[a-z_]+", RegexOptions.NonBacktracking)]
    private static partial Regex Used();
}
