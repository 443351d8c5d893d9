using Coordinator.Actors.Fleet;
using Coordinator.Contracts.Api;
using Coordinator.Domain.Migration;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Coordinator.Server.Grpc;

/// <summary>The coordinators themselves.</summary>
internal sealed partial class CoordinatorService
{
    public override Task<Cluster> GetCluster(GetClusterRequest request, ServerCallContext context) => Task.FromResult(ClusterNow());

    public override Task<Cluster> LeaveNode(LeaveNodeRequest request, ServerCallContext context)
    {
        cluster.Leave(request.Node, request.Uid, request.EvenIfLast, new SignedWord(request.By, request.Reason));
        return Task.FromResult(ClusterNow());
    }

    public override Task<Cluster> DownNode(DownNodeRequest request, ServerCallContext context)
    {
        cluster.Down(request.Node, request.Uid, request.Force, new SignedWord(request.By, request.Reason));
        return Task.FromResult(ClusterNow());
    }

    private Cluster ClusterNow()
    {
        (ClusterPicture picture, ClusterJudgement judgement, string downing) = cluster.Look();
        Cluster shown = new() { Self = picture.Self, Downing = downing };
        shown.Nodes.AddRange(picture.Members.Select(View));
        shown.Singletons.AddRange(picture.Members
            .Where(m => m.GoneAt is null)
            .SelectMany(m => (m.Sight?.Singletons ?? []).Select(name => (Name: name, m.Address)))
            .Concat(CoordinatorSingletons.Needed.Select(name => (Name: name, Address: "")))
            .GroupBy(s => s.Name, StringComparer.Ordinal)
            .OrderBy(s => s.Key, StringComparer.Ordinal)
            .Select(s => new ClusterSingleton { Name = s.Key, Nodes = { s.Where(n => n.Address.Length > 0).Select(n => n.Address) } }));
        shown.Findings.AddRange(judgement.Findings);
        shown.Notes.AddRange(judgement.Notes);
        return shown;
    }

    private static ClusterNode View(MemberPicture member)
    {
        ClusterNode node = new()
        {
            Address = member.Address,
            Uid = member.Uid,
            Status = member.Status,
            Reachable = member.Reachable,
            Leader = member.IsLeader,
            Oldest = member.IsOldest,
            Version = member.AppVersion,
            PutOut = member.WasPutOut,
            GoneAt = member.GoneAt is { } gone ? Timestamp.FromDateTimeOffset(gone) : null,
            ToldAt = member.ShownAt is { } told ? Timestamp.FromDateTimeOffset(told) : null,
        };
        node.Roles.AddRange(member.Roles);
        node.SilentTo.AddRange(member.SilentTo);
        if (member.Shown is not { } shown)
        {
            return node;
        }

        node.StartedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(shown.StartedAtUnixMs));
        node.Dashboard = shown.Dashboard;
        node.Agents = shown.Agents;
        if (shown.Shards >= 0)
        {
            (node.Shards, node.Entities) = (shown.Shards, shown.Entities);
        }

        node.Checks.AddRange(shown.Checks.Select(c => new ClusterNode.Types.NodeCheck { Name = c.Name, Good = c.Good, Detail = c.Detail, TookMs = c.TookMs }));
        return node;
    }
}
