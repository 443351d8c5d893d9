using Coordinator.Actors.Tests.Platform;

namespace Coordinator.Actors.Tests.Discovery;

/// <summary>Coordinator nodes in processes of their own that are told how to find each other, and nothing else.</summary>
internal sealed class NodeCluster(TestDatabase database, Func<int[], int, string> others, int count) : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly int[] ports = [.. Enumerable.Range(0, count).Select(_ => FreePort.Next())];
    private readonly ProbeProcess?[] nodes = new ProbeProcess?[count];

    public ProbeProcess this[int node] => nodes[node]!;

    public int[] Ports => ports;

    public void Start(params int[] started)
    {
        foreach (var node in started)
        {
            nodes[node] = new ProbeProcess("node", $"{ports[node]}", others(ports, node), database.Address);
        }
    }

    /// <summary>With settings of its own.</summary>
    public void StartWith(string hocon, int node)
    {
        var file = Path.Combine(directory.Path, $"node-{node}.conf");
        File.WriteAllText(file, hocon);
        nodes[node] = new ProbeProcess("node", $"{ports[node]}", others(ports, node), database.Address, file);
    }

    public async Task Kill(int node)
    {
        this[node].SignalKill();
        await this[node].DisposeAsync();
        nodes[node] = null;
    }

    /// <summary>Each node sees each other one, by its own count.</summary>
    public async Task AreOneCluster(params int[] members)
    {
        foreach (var member in members)
        {
            await this[member].WaitFor(
                said => said.Contains("ready") && members.All(other => said.Any(fact => fact.StartsWith($"up {ports[other]} ", StringComparison.Ordinal))),
                $"node {member} sees nodes {string.Join(", ", members)}");
        }
    }

    public async Task KillAll()
    {
        foreach (var node in nodes.OfType<ProbeProcess>())
        {
            node.SignalKill();
        }

        foreach (var node in nodes.OfType<ProbeProcess>())
        {
            await node.DisposeAsync();
        }

        Array.Clear(nodes);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes.OfType<ProbeProcess>())
        {
            await node.DisposeAsync();
        }

        directory.Dispose();
        database.Dispose();
    }
}
