using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Coordinator.Actors.Metrics;
using Coordinator.Lab;
using Coordinator.Lab.Processes;
using Prometheus;

namespace Coordinator.Runbooks.Containers;

/// <summary>Every figure that a panel names is one that coordinators export, with these labels; a panel that stays empty for ever says "all is well".</summary>
public sealed partial class DashboardTests
{
    /// <summary>Those that Prometheus adds by itself.</summary>
    private static readonly string[] s_labelsOfEveryMetric = ["instance", "job", "le"];

    private static readonly Dictionary<string, (string Type, string[] Labels)> s_exported = Exported();

    public static TheoryData<string> Files => [.. Dashboards.Files.Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryPanel_NamesOnlyFiguresAndLabelsThatCoordinatorsExport(string file)
    {
        JsonNode[] panels = [.. Dashboards.Panels(Path.Combine(ComposeFile.Folder, "grafana", "dashboards", file))];

        Assert.NotEmpty(panels);
        Assert.All(panels, panel => Assert.All((JsonArray)panel["targets"]!, target =>
        {
            string expression = target!["expr"]!.ToString();
            string[] labels = [.. Metrics().Matches(expression).Select(m => m.Value).SelectMany(LabelsOf), .. s_labelsOfEveryMetric];
            Assert.True(labels.Length > s_labelsOfEveryMetric.Length || Metrics().IsMatch(expression) || expression.Contains("up{job=\"coordinator\"}", StringComparison.Ordinal), expression);
            string[] used = [.. Grouped().Matches(expression).SelectMany(m => m.Groups["labels"].Value.Split(',')), .. Selected().Matches(expression).Select(m => m.Groups["label"].Value),
                .. Shown().Matches(target["legendFormat"]!.ToString()).Select(m => m.Groups["label"].Value)];
            Assert.All(used, label => Assert.Contains(label.Trim(), labels));
            Assert.Equal("prometheus", target["datasource"]!["uid"]!.ToString());
        }));
        Assert.Equal(panels.Length, panels.Select(p => p["id"]!.ToString()).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void InDoubt_IsTheFirstPanelOfEveryDashboardAndFillsItWithColour()
    {
        Assert.All(Dashboards.Files, file =>
        {
            JsonNode first = Dashboards.Panels(file).First();
            Assert.Equal("sum(coordinator_indoubt_migrations)", first["targets"]![0]!["expr"]!.ToString());
            Assert.Equal("background", first["options"]!["colorMode"]!.ToString());
            Assert.Contains("\"red\"", first["fieldConfig"]!["defaults"]!["thresholds"]!.ToJsonString(), StringComparison.Ordinal);
        });
    }

    /// <summary>Nothing that is exported is forgotten.</summary>
    [Fact]
    public void EveryFigure_IsInSomePanel()
    {
        string all = string.Join('\n', Dashboards.Expressions());
        Assert.All(s_exported.Keys, metric => Assert.Contains(metric, all, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PrometheusConfigurationAndRules_AreAcceptedByPromtool()
    {
        await ExternalCommand.Run(LabFolder.Installer("containers.sh"), []);
        string promtool = Path.Combine(LabFolder.Cache, "prometheus", "bin", "promtool");
        string folder = Path.Combine(ComposeFile.Folder, "prometheus");

        // The certificates are not there: syntax, and the rules.
        string said = await ExternalCommand.Run(promtool, ["check", "config", "--syntax-only", Path.Combine(folder, "prometheus.yml")]);
        await ExternalCommand.Run(promtool, ["check", "rules", Path.Combine(folder, "coordinator.rules.yml")]);

        Assert.Contains("SUCCESS", said, StringComparison.Ordinal);
    }

    private static string[] LabelsOf(string name)
    {
        if (s_exported.TryGetValue(name, out (string Type, string[] Labels) metric))
        {
            Assert.True(metric.Type != "histogram", $"{name} is a histogram: take its _bucket, _sum or _count");
            return metric.Labels;
        }

        string whole = Part().Replace(name, "");
        Assert.True(s_exported.TryGetValue(whole, out metric) && metric.Type == "histogram" && whole != name, $"no coordinator exports {name}");
        return metric.Labels;
    }

    /// <summary>Names from what a node would answer, labels from the collectors it keeps.</summary>
    private static Dictionary<string, (string Type, string[] Labels)> Exported()
    {
        CoordinatorMetrics metrics = new();
        using MemoryStream page = new();
        metrics.Registry.CollectAndExportAsTextAsync(page).GetAwaiter().GetResult();
        string text = System.Text.Encoding.UTF8.GetString(page.ToArray());
        Dictionary<string, string[]> labels = Collectors(metrics, depth: 2).DistinctBy(c => c.Name).ToDictionary(c => c.Name, c => c.LabelNames, StringComparer.Ordinal);
        return Types().Matches(text).ToDictionary(
            m => m.Groups["name"].Value,
            m => (m.Groups["type"].Value, labels.GetValueOrDefault(m.Groups["name"].Value) ?? [.. Selected().Matches(Regex.Match(text, $"^{m.Groups["name"].Value}.*$", RegexOptions.NonBacktracking | RegexOptions.Multiline).Value).Select(l => l.Groups["label"].Value)]),
            StringComparer.Ordinal);
    }

    private static IEnumerable<Collector> Collectors(object from, int depth) => from.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
        .Select(field => field.GetValue(from)).SelectMany(value => value switch
        {
            Collector collector => [collector],
            null or IEnumerable or string or CollectorRegistry => [],
            _ when depth > 0 && value.GetType().Assembly == typeof(CoordinatorMetrics).Assembly => Collectors(value, depth - 1),
            _ => [],
        });

    [GeneratedRegex("coordinator_[a-z_]+", RegexOptions.NonBacktracking)]
    private static partial Regex Metrics();

    [GeneratedRegex(@"by \((?<labels>[a-z_, ]+)\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Grouped();

    [GeneratedRegex(@"[{,]\s*(?<label>[a-z_]+)=", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Selected();

    [GeneratedRegex(@"\{\{(?<label>[a-z_]+)\}\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Shown();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Part();

    [GeneratedRegex(@"^# TYPE (?<name>coordinator_[a-z_]+) (?<type>[a-z]+)\s*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Types();
}
