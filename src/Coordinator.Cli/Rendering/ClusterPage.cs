using System.Globalization;
using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>The page of <c>cluster status</c>: whether all is well first, then who is there, then what each node says of itself.</summary>
internal static class ClusterPage
{
    public const int ColumnsAtLeast = 160;

    /// <param name="cluster">As one node sees it.</param>
    /// <param name="now">For ages.</param>
    public static IRenderable Of(Cluster cluster, DateTimeOffset now)
    {
        List<IRenderable> parts =
        [
            .. Verdict(cluster),
            .. cluster.Notes.Select(note => new Text($"note: {note}")),
            new Text($"as {NodeText.AddressOf(cluster.Self)} sees it"),
            Columns.Gap,
            Nodes(cluster, now),
            Columns.Gap,
            Columns.Heading("Singletons"),
            Columns.Indented(Singletons(cluster)),
            Columns.Gap,
            Columns.Heading("Needs of each node, as it tells"),
            Columns.Indented(Checks(cluster, now)),
        ];
        return new Rows(parts);
    }

    static IEnumerable<IRenderable> Verdict(Cluster cluster)
    {
        var members = cluster.Nodes.Where(IsMember).ToList();
        if (cluster.Findings.Count == 0)
        {
            yield return new Text($"all is well: {Nodes(members.Count)}, {Version(members)}", new Style(Color.Green));
            yield break;
        }

        yield return new Text($"NOT WELL: {cluster.Findings[0]}", new Style(Color.Red));
        foreach (var finding in cluster.Findings.Skip(1))
            yield return new Text($"          {finding}", new Style(Color.Red));
        if (members.Any(node => !node.Reachable))
            yield return new Text($"          {cluster.Downing}");
    }

    static string Nodes(int count) => count == 1 ? "1 node" : $"{count} nodes";

    static string Version(List<ClusterNode> members)
    {
        var versions = members.Select(node => NodeText.ShortVersion(node.Version)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return $"version{(versions.Count > 1 ? "s" : "")} {string.Join(" and ", versions)}";
    }

    static Table Nodes(Cluster cluster, DateTimeOffset now)
    {
        var table = Columns.Of("NODE", "STATE", "ROLES", "DOES", ">SHARDS", ">VMS", ">AGENTS", "VERSION", "UP SINCE", "TOLD", "DASHBOARD");
        foreach (var node in cluster.Nodes.OrderBy(node => node.Address, StringComparer.Ordinal))
        {
            var isMember = IsMember(node);
            table.Add(
                NodeText.AddressOf(node.Address),
                State(node, now),
                string.Join(' ', node.Roles),
                OrDash(string.Join(' ', Duties(node))),
                isMember && node.HasShards ? Amounts.Count(node.Shards) : "-",
                isMember && node.HasEntities ? Amounts.Count(node.Entities) : "-",
                isMember && node.HasAgents ? Amounts.Count(node.Agents) : "-",
                OrDash(NodeText.ShortVersion(node.Version)),
                isMember && node.StartedAt is { } at ? Amounts.Moment(at.ToDateTime()) : "-",
                node.ToldAt is { } told ? Ago(told, now) : "never",
                isMember ? OrDash(node.Dashboard) : "-");
        }
        return table.WithSentences();
    }

    static Text State(ClusterNode node, DateTimeOffset now) => node switch
    {
        { GoneAt: { } gone, PutOut: true } => Tone.Warning($"put out {Ago(gone, now)}"),
        { GoneAt: { } gone } => new Text($"left {Ago(gone, now)}"),
        { Reachable: false } => Tone.Warning($"unreachable ({node.Status})"),
        { Status: "Up" } => new Text(node.Status),
        _ => Tone.Warning(node.Status),
    };

    static IEnumerable<string> Duties(ClusterNode node)
    {
        if (node.Leader)
            yield return "leader";
        if (node.Oldest)
            yield return "oldest";
    }

    static Table Singletons(Cluster cluster)
    {
        var table = Columns.Of("NAME", "RUNS ON");
        foreach (var singleton in cluster.Singletons)
            table.Add(singleton.Name, singleton.Nodes.Count > 0 ? string.Join(", ", singleton.Nodes.Select(NodeText.AddressOf)) : Tone.Warning("not known to run"));
        return table;
    }

    static Table Checks(Cluster cluster, DateTimeOffset now)
    {
        var table = Columns.Of("NODE", "NEEDS", "IS", ">TOOK", "WHAT WAS FOUND");
        foreach (var node in cluster.Nodes.Where(IsMember))
            foreach (var check in node.Checks)
                table.Add(
                    NodeText.AddressOf(node.Address), check.Name, check.Good ? "there" : Tone.Warning("missing"),
                    string.Create(CultureInfo.InvariantCulture, $"{check.TookMs} ms"), check.Detail);
        return table.WithSentences();
    }

    static bool IsMember(ClusterNode node) => node.GoneAt is null;

    static string Ago(Timestamp at, DateTimeOffset now) => (now - at.ToDateTimeOffset()) is var age && age < TimeSpan.FromMinutes(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, age.TotalSeconds):0} s ago")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min ago");

    static string OrDash(string text) => text.Length > 0 ? text : "-";
}
