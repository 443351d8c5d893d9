using System.CommandLine;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

/// <summary>The coordinators themselves: how they are, and one of them out, in good order or by force.</summary>
internal static class ClusterVerbs
{
    /// <summary>Handing over takes seconds; what may take longer is a node that waits for another one that is silent.</summary>
    const long UsualTimeoutMs = 120_000;

    public static Command Command(SharedOptions shared) => new("cluster", "the coordinators themselves: how they are, and have one of them go") { Status(shared), Leave(shared), Down(shared) };

    static Command Status(SharedOptions shared)
    {
        var output = SharedOptions.Output();
        var command = new Command("status", $"nodes, what they carry and how they are; exit code {ExitCode.Unwell} unless all is well") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var cluster = await Now(connection, cancellation);
            shared.Show(parsed, output, cluster, () => ClusterPage.Of(cluster, shared.Context.Clock.GetUtcNow()), ClusterPage.ColumnsAtLeast);
            return cluster.Findings.Count == 0 ? ExitCode.Ok : ExitCode.Unwell;
        });
        return command;
    }

    static Command Leave(SharedOptions shared)
    {
        var node = Node();
        Option<string> reason = new("--reason") { Description = "for the log of the coordinator that is asked", HelpName = "TEXT", DefaultValueFactory = _ => "told by coordctl" };
        Option<bool> evenIfLast = new("--even-if-last") { Description = "though no other node could take over: every migration then stands still until a node is started" };
        var (by, timeout, noWait) = (SharedOptions.By(), Timeout(), NoWait());
        var command = new Command(
            "leave",
            "have a node hand over its shards and singletons and end. It stays out until it is started again: the shipped unit does not restart a node that was told to leave "
                + "(exit code 10), 'systemctl start coordinator-server' does. Other supervisors, 'coordctl up' among them, may start it anew; it is a new member then")
        { node, reason, evenIfLast, by, timeout, noWait };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var member = await Member(connection, parsed.GetRequiredValue(node), cancellation);
            var request = new LeaveNodeRequest
            {
                Node = member.Address,
                Uid = member.Uid,
                By = shared.ByOf(parsed, by),
                Reason = parsed.GetRequiredValue(reason),
                EvenIfLast = parsed.GetValue(evenIfLast),
            };
            await connection.Ask((api, options) => api.LeaveNodeAsync(request, options), cancellation);
            return await Followed(shared, connection, member, parsed, timeout, noWait, "has left", cancellation);
        });
        return command;
    }

    static Command Down(SharedOptions shared)
    {
        var node = Node();
        Option<string> reason = new("--reason") { Description = "how you know that it is dead, for the log of the coordinator that is asked", HelpName = "TEXT", Required = true };
        Option<bool> force = new("--force") { Description = "though it is reachable, or though the greater part of the nodes is not seen from here" };
        var (by, timeout, noWait) = (SharedOptions.By(), Timeout(), NoWait());
        var command = new Command(
            "down",
            "put out a node that is unreachable and known to be dead. Without this the split brain resolver decides by itself within seconds ('cluster status' says how). Never put out nodes on both "
                + "sides of a cut network: each side would go on alone, and only the journal and the agents' epochs would keep them apart")
        { node, reason, force, by, timeout, noWait };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var member = await Member(connection, parsed.GetRequiredValue(node), cancellation);
            var request = new DownNodeRequest
            {
                Node = member.Address,
                Uid = member.Uid,
                By = shared.ByOf(parsed, by),
                Reason = parsed.GetRequiredValue(reason),
                Force = parsed.GetValue(force),
            };
            await connection.Ask((api, options) => api.DownNodeAsync(request, options), cancellation);
            return await Followed(shared, connection, member, parsed, timeout, noWait, "is out", cancellation);
        });
        return command;
    }

    static Argument<string> Node() => new("NODE") { Description = "its cluster address: HOST:PORT, or akka.tcp://coordinator@HOST:PORT" };

    static Option<long?> Timeout() => PolicyOptions.Duration("--timeout", "for how long to wait until it is gone", 1_000, 3_600_000, "1s to 1h", "2m");

    static Option<bool> NoWait() => new("--no-wait") { Description = "do not wait until it is gone" };

    static async Task<Cluster> Now(CoordinatorConnection connection, CancellationToken cancellation) =>
        await connection.Ask((api, options) => api.GetClusterAsync(new GetClusterRequest(), options), cancellation);

    /// <summary>This life of it, so that a repetition cannot hit the one that comes back on the same address.</summary>
    static async Task<ClusterNode> Member(CoordinatorConnection connection, string named, CancellationToken cancellation)
    {
        var members = (await Now(connection, cancellation)).Nodes.Where(node => node.GoneAt is null).ToList();
        return members.FirstOrDefault(node => string.Equals(node.Address, named, StringComparison.OrdinalIgnoreCase) || string.Equals(NodeText.AddressOf(node.Address), named, StringComparison.OrdinalIgnoreCase))
            ?? throw new CommandFailure(ExitCode.NotFound, $"'{named}' is no member of the cluster; members are {string.Join(", ", members.Select(node => NodeText.AddressOf(node.Address)))}");
    }

    static async Task<int> Followed(
        SharedOptions shared, CoordinatorConnection connection, ClusterNode member, ParseResult parsed, Option<long?> timeout, Option<bool> noWait, string done, CancellationToken cancellation)
    {
        var name = NodeText.AddressOf(member.Address);
        if (parsed.GetValue(noWait))
        {
            shared.Say($"{name} was told; 'coordctl cluster status' shows when it is gone");
            return ExitCode.Ok;
        }

        var within = TimeSpan.FromMilliseconds(parsed.GetValue(timeout) ?? UsualTimeoutMs);
        if (await new Departure(connection, member, shared.Say).Ends(within, cancellation))
        {
            shared.Say($"{name} {done}");
            return ExitCode.Ok;
        }

        var findings = (await Now(connection, cancellation)).Findings;
        throw new CommandFailure(
            ExitCode.Unwell, $"{name} is not gone after {Amounts.Setting((long)within.TotalMilliseconds)}; it goes on without you{(findings.Count > 0 ? $": {string.Join("; ", findings)}" : "")}");
    }
}
