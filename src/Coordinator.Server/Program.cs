using System.CommandLine;
using Akka.Actor;
using Akka.Configuration;
using Coordinator.Actors.Platform;
using Coordinator.Certificates.Files;
using Coordinator.Server.Hosting;
using Coordinator.Server.Journals;

Option<string?> config = new("--config") { Description = "HOCON file in front of the shipped ones (COORDINATOR_CONFIG)", HelpName = "FILE" };
Option<string?> data = new("--data")
{
    Description = "directory of the journal, the same for all coordinators of this machine (COORDINATOR_DATA)",
    HelpName = "DIR",
};
Option<string?> database = new("--database")
{
    Description = "instead of --data: PostgreSQL database of the journal, the same for all coordinators of the cluster, as a postgresql:// URI or a connection string of Npgsql (COORDINATOR_DATABASE)",
    HelpName = "CONNECTION",
};
Option<string?> passwordFile = new("--database-password-file")
{
    Description = "file with the database's password, so that it stands in no command line (COORDINATOR_DATABASE_PASSWORD_FILE)",
    HelpName = "FILE",
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
Option<string?> discover = new("--discover")
{
    Description = "instead of --seed: 'database' (nodes of the same database find each other) or dns:NAME:PORT (all A and AAAA records of a name) (COORDINATOR_DISCOVER)",
    HelpName = "WAY",
};
Option<string?> http = new("--http", "--metrics")
{
    Description = $"address of the dashboard, /metrics, /livez and /readyz, or off; default {ServerOptions.DefaultHttp} (COORDINATOR_HTTP); --metrics and COORDINATOR_METRICS are its older names",
    HelpName = "HOST:PORT",
};
Option<string?> tls = new("--tls")
{
    Description = $"directory of this coordinator's {CertificateFiles.CertificateName}, {CertificateFiles.KeyName}, {CertificateFiles.AuthoritiesName} and, if there is one, "
        + $"{CertificateFiles.RevokedName}; without it only loopback is listened on and dialled (COORDINATOR_TLS)",
    HelpName = "DIR",
};
RootCommand root = new("A coordinator node: decides migrations of virtual machines and keeps their journal.")
{
    config, data, database, passwordFile, grpc, cluster, seed, discover, http, tls, JournalVerbs.Command(), ReadModelVerbs.Command(data, database, passwordFile),
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
            parsed.GetValue(http),
            parsed.GetValue(database),
            parsed.GetValue(passwordFile),
            parsed.GetValue(discover),
            parsed.GetValue(tls));
        await using WebApplication app = ServerHost.Build(options);
        await app.StartAsync(stop).ConfigureAwait(false);
        CoordinatedShutdown shutdown = CoordinatedShutdown.Get(app.Services.GetRequiredService<ActorSystem>());
        await app.WaitForShutdownAsync(stop).ConfigureAwait(false);
        return NodeExit.CodeOf(shutdown.ShutdownReason) ?? Environment.ExitCode;
    }
    catch (Exception e) when (e is OptionException or StoreException or ConfigurationException or ArgumentException or IOException or CertificateFileException)
    {
        await Console.Error.WriteLineAsync($"coordinator-server: {e.Message}").ConfigureAwait(false);
        return 2;
    }
});
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
