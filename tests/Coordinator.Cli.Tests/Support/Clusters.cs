using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;

namespace Coordinator.Cli.Tests.Support;

/// <summary>Three coordinators as one of them sees them.</summary>
internal static class Clusters
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 4, 5, 6, TimeSpan.Zero);

    static readonly string[] s_checks = ["journal", "cluster", "region", "hold", "lease"];

    public static string Address(int number) => $"akka.tcp://coordinator@10.0.0.{number}:4060";

    public static Cluster Well()
    {
        Cluster cluster = new()
        {
            Self = Address(1),
            Downing = "once a silence has lasted 3 s without another change, the split brain resolver (lease-majority) decides by itself: the side that gets the lease in the database goes on, the other one ends by itself",
            Nodes = { Node(1, 34, 1_204), Node(2, 33, 1_180), Node(3, 33, 1_195) },
        };
        cluster.Nodes[0].Oldest = true;
        cluster.Nodes[0].Leader = true;
        cluster.Singletons.AddRange(new[] { "admission", "projection", "shards", "sweeper" }.Select(name => new ClusterSingleton { Name = name, Nodes = { Address(1) } }));
        return cluster;
    }

    public static ClusterNode Node(int number, int shards, int entities) => new()
    {
        Address = Address(number),
        Uid = 1_000 + number,
        Status = "Up",
        Reachable = true,
        Roles = { "coordinator" },
        Version = "0.1.0",
        StartedAt = Timestamp.FromDateTimeOffset(Now - TimeSpan.FromHours(number)),
        Dashboard = $"http://10.0.0.{number}:4070",
        Shards = shards,
        Entities = entities,
        Agents = 4,
        ToldAt = Timestamp.FromDateTimeOffset(Now - TimeSpan.FromSeconds(1)),
        Checks = { s_checks.Select(name => new ClusterNode.Types.NodeCheck { Name = name, Good = true, Detail = name == "lease" ? "free" : "as it should be", TookMs = number }) },
    };

    /// <summary>One is silent to both others, one was put out, one cannot read its journal.</summary>
    public static Cluster Unwell()
    {
        var cluster = Well();
        (cluster.Nodes[1].Reachable, cluster.Nodes[2].Version) = (false, "0.2.0");
        cluster.Nodes[1].SilentTo.AddRange([Address(1), Address(3)]);
        (cluster.Nodes[2].Checks[0].Good, cluster.Nodes[2].Checks[0].Detail) = (false, "no answer within 2 s");
        cluster.Nodes.Add(new ClusterNode { Address = Address(4), Uid = 1_004, Status = "Removed", GoneAt = Timestamp.FromDateTimeOffset(Now - TimeSpan.FromMinutes(4)), PutOut = true, Version = "0.1.0" });
        cluster.Singletons[3].Nodes.Clear();
        cluster.Findings.AddRange(
        [
            "10.0.0.2:4060 is unreachable: silent to 10.0.0.1:4060, 10.0.0.3:4060; while it is, no node can join or leave",
            "10.0.0.3:4060 says of journal: no answer within 2 s",
            "10.0.0.4:4060 was put out 4 min ago and has not come back",
        ]);
        cluster.Notes.Add("versions differ, as in a rolling upgrade: 0.1.0 on 10.0.0.1:4060, 10.0.0.2:4060; 0.2.0 on 10.0.0.3:4060");
        return cluster;
    }
}
