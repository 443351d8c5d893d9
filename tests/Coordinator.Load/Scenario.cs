using System.Globalization;
using System.Text.Json;

namespace Coordinator.Load;

/// <summary>One load against a cluster of its own, from the start of PostgreSQL to the report.</summary>
internal sealed record Scenario(string Name)
{
    public required int Hosts { get; init; }

    public required int Active { get; init; }

    public required int Queues { get; init; }

    public required string CopySeconds { get; init; }

    public required int Processes { get; init; }

    /// <summary>Null for a burst.</summary>
    public int? DurationSeconds { get; init; }

    public int? Requests { get; init; }

    /// <summary>When the node with most shards is killed; null: none is.</summary>
    public int? KillAtSecond { get; init; }

    public required int SettleSeconds { get; init; }

    public int Nodes { get; init; } = 3;

    public int? Seed { get; init; }

    /// <summary>Of the coordinators, in front of the shipped one.</summary>
    public string? NodeConfig { get; init; }

    /// <summary>How long the bare journal is measured before the load; 0: not at all.</summary>
    public int BareJournalSeconds { get; init; } = 10;

    public required string Results { get; init; }

    /// <returns>Whether every promise was kept.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        Say($"=== {Name}: {Machine()}");
        await using LoadCluster cluster = await LoadCluster.StartAsync(Nodes, NodeConfig, startAgainAfter: TimeSpan.FromSeconds(10));
        double? bare = BareJournalSeconds > 0 ? await cluster.BareJournalAsync(BareJournalSeconds, cancellation) : null;
        if (bare is { } rate)
        {
            Say(FormattableString.Invariant($"the bare journal on this server: {rate:0} events/s"));
        }

        // On memory: the disks of simulated hosts are no part of what is measured, and this machine has one for all.
        string directory = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"cl-{Guid.NewGuid().ToString("N")[..6]}")).FullName;
        (int exitCode, JsonElement? report) = await Coordctl.LoadAsync(Arguments(cluster, directory), cluster.Servers, Say, cancellation);
        if (report is not { } told)
        {
            Say($"{Name}: no report, exit code {exitCode}\n{cluster.Log()}");
            return false;
        }

        Directory.CreateDirectory(Results);
        await File.WriteAllTextAsync(Path.Combine(Results, $"{Name}.json"), told.ToString(), CancellationToken.None);
        ReportPage.Write(told, bare, Say);
        Say($"coordinators that were started again: {cluster.StartedAgain}{(KillAtSecond is null ? "" : " (one was killed)")}; the whole report: {Path.Combine(Results, $"{Name}.json")}");
        Say($"=== {Name}: {(exitCode == 0 ? "every promise was kept" : "NOT every promise was kept")}; {Machine()}\n");
        return exitCode == 0;
    }

    private IEnumerable<string> Arguments(LoadCluster cluster, string directory)
    {
        string[] arguments =
        [
            "--hosts", Text(Hosts), "--active", Text(Active), "--queues", Text(Queues), "--copy-seconds", CopySeconds, "--processes", Text(Processes), "--settle", Text(SettleSeconds),
            "--metrics", cluster.Metrics, "--directory", directory,
        ];
        return
        [
            .. arguments,
            .. Requests is { } requests ? (string[])["--requests", Text(requests)] : ["--duration", Text(DurationSeconds!.Value)],
            .. KillAtSecond is { } at ? (string[])["--at", Text(at), "--fault", cluster.KillsTheBiggest] : [],
            .. Seed is { } seed ? (string[])["--seed", Text(seed)] : [],
        ];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Machine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]} at {DateTime.UtcNow:HH:mm:ss} UTC");

    private static void Say(string line) => Console.WriteLine(line);
}
