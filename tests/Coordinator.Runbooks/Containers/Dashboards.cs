using System.Text.Json.Nodes;

namespace Coordinator.Runbooks.Containers;

/// <summary>docker/grafana/dashboards.</summary>
internal static class Dashboards
{
    public static IReadOnlyList<string> Files => [.. Directory.GetFiles(Path.Combine(ComposeFile.Folder, "grafana", "dashboards"), "*.json")];

    public static IEnumerable<JsonNode> Panels(string file) => ((JsonArray)JsonNode.Parse(File.ReadAllText(file))!["panels"]!).OfType<JsonNode>().Where(p => p["type"]!.ToString() != "row");

    public static IEnumerable<string> Expressions() => Files.SelectMany(Panels).SelectMany(p => (JsonArray)p["targets"]!).Select(t => t!["expr"]!.ToString());
}
