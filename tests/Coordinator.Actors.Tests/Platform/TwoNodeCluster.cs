namespace Coordinator.Actors.Tests.Platform;

/// <summary>Two coordinator nodes in processes of their own, on one database, with counters for VMs.</summary>
sealed class TwoNodeCluster : IAsyncDisposable
{
    public const int VmCount = 30;

    /// <summary>Of a broken failover (with Akka's default times it takes 45 s), not the aim: that is 10 s on an idle machine. Times of each run stand in
    /// the output.</summary>
    public static readonly TimeSpan FailoverLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory directory = new();
    private readonly TestDatabase database;
    private readonly int[] ports = [FreePort.Next(), FreePort.Next()];
    private readonly ProbeProcess?[] nodes = new ProbeProcess?[2];
    private readonly string configFile;

    public TwoNodeCluster(TestDatabase database)
    {
        this.database = database;
        configFile = Path.Combine(directory.Path, "test.conf");
        File.WriteAllText(configFile, "akka.cluster.sharding.fail-on-invalid-entity-state-transition = on");
    }

    public ProbeProcess this[int node] => nodes[node]!;

    public async Task StartBoth()
    {
        Start(0);
        Start(1);
        await BothSeeBothUp();
    }

    /// <summary>Gives every VM an entity with something recorded. An unanswered command is sent again and may count twice, hence the counts.</summary>
    public async Task<Dictionary<string, long>> IncrementAll(int node)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var number in Enumerable.Range(0, VmCount))
        {
            counts[$"vm-{number}"] = await this[node].Ask($"increment vm-{number}");
        }

        return counts;
    }

    public async Task AssertCounts(int node, Dictionary<string, long> expected)
    {
        foreach (var (vm, count) in expected)
        {
            Assert.Equal($"{vm} {count}", $"{vm} {await this[node].Ask($"nudge {vm}")}");
        }
    }

    public async Task Restart(int node)
    {
        await nodes[node]!.DisposeAsync();
        var before = nodes[1 - node]!.Now;
        Start(node);
        await nodes[1 - node]!.WaitForFact($"up {ports[node]} ", before);
        await BothSeeBothUp();
    }

    /// <summary>Nobody asks for an entity here: they come back by themselves.</summary>
    public Task<string[]> RecoveredOn(int node, int after, long expected) => nodes[node]!.WaitFor(
        said => said.Where(fact => fact.StartsWith("recovered vm-", StringComparison.Ordinal))
            .Select(fact => fact.Split(' ')[1]).Distinct().Count() == expected,
        $"{expected} recovered entities", after, FailoverLimit);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes.OfType<ProbeProcess>())
        {
            await node.DisposeAsync();
        }

        directory.Dispose();
        database.Dispose();
    }

    /// <summary>A node that has not heard of its own promotion when the other dies is right to put itself out: it cannot know itself a member.</summary>
    private async Task BothSeeBothUp()
    {
        foreach (var node in nodes)
        {
            await node!.WaitFor(
                said => said.Contains("ready") && ports.All(port => said.Any(fact => fact.StartsWith($"up {port} ", StringComparison.Ordinal))),
                "both nodes up");
        }
    }

    private void Start(int node) =>
        nodes[node] = new ProbeProcess("node", $"{ports[node]}", $"127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}", database.Address, configFile);
}
