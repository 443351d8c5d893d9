using System.CommandLine;
using Akka.Configuration;
using Coordinator.Actors.Platform;
using Coordinator.Server.Hosting;
using Coordinator.Server.Journals;

Option<string?> config = new("--config") { Description = "HOCON file in front of the shipped ones (COORDINATOR_CONFIG)", HelpName = "FILE" };
Option<string?> data = new("--data")
{
    Description = "directory of the journal, the same for all coordinators of this machine (COORDINATOR_DATA)",
    HelpName = "DIR",
};
Option<string?> grpc = new("--grpc")
{
    Description = $"address for clients and agents, default {ServerOptions.DefaultGrpc} (COORDINATOR_GRPC)",
    HelpName = "HOST:PORT",
};
Option<string?> cluster = new("--cluster")
{
    Description = $"address for other coordinators, default {ServerOptions.DefaultCluster} (COORDINATOR_CLUSTER)",
    HelpName = "HOST:PORT",
};
Option<string[]> seed = new("--seed")
{
    Description = "cluster address of a node to join, the same list at every node; none founds a cluster of one (COORDINATOR_SEEDS, separated by commas)",
    HelpName = "HOST:PORT",
    AllowMultipleArgumentsPerToken = true,
};
Option<string?> metrics = new("--metrics")
{
    Description = $"address of /metrics for Prometheus, or off; default {ServerOptions.DefaultMetrics} (COORDINATOR_METRICS)",
    HelpName = "HOST:PORT",
};
RootCommand root = new("A coordinator node: decides migrations of virtual machines and keeps their journal.")
{
    config, data, grpc, cluster, seed, metrics, JournalVerbs.Command(),
};
root.SetAction(async (parsed, stop) =>
{
    try
    {
        ServerOptions options = ServerOptions.Of(
            parsed.GetValue(config),
            parsed.GetValue(data),
            parsed.GetValue(grpc),
            parsed.GetValue(cluster),
            parsed.GetValue(seed) ?? [],
            Environment.GetEnvironmentVariable,
            parsed.GetValue(metrics));
        await using WebApplication app = ServerHost.Build(options);
        await app.RunAsync(stop).ConfigureAwait(false);
        return Environment.ExitCode;
    }
    catch (Exception e) when (e is OptionException or StoreException or ConfigurationException or ArgumentException or IOException)
    {
        await Console.Error.WriteLineAsync($"coordinator-server: {e.Message}").ConfigureAwait(false);
        return 2;
    }
});
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
