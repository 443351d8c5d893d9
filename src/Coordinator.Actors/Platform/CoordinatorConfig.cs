using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Client;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Akka.Persistence.Sql;
using Coordinator.Actors.Metrics;

namespace Coordinator.Actors.Platform;

/// <summary>
/// The shipped HOCON files, with an operator's file in front of them. Akka.NET's parser knows <c>include "FILE"</c> but leaves finding the file to a
/// callback, and without one it fails with a null reference; here a name is relative to the file that includes it.
/// </summary>
public static class CoordinatorConfig
{
    /// <summary>Root file of one machine on SQLite.</summary>
    public const string EmbeddedProfile = "coordinator.conf";

    /// <summary>Root file of several machines on PostgreSQL.</summary>
    public const string ClusterProfile = "cluster-postgresql.conf";

    // Akka's default is the version of the program that was started, which under a test or a tool is another one than the nodes' beside it. With it new shards go to the newest nodes in a rolling upgrade.
    private static readonly string AppVersion = $"akka.cluster.app-version = \"{CoordinatorMetrics.Version}\"";

    // Deeper than any sensible layering; a file that includes itself stops here.
    private const int IncludeDepthLimit = 8;

    /// <summary>Next to the binary; the server's and the tests' project files copy <c>hocon/</c> there.</summary>
    public static string ShippedDirectory => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <param name="directory">Holds the profiles; null for <see cref="ShippedDirectory"/>.</param>
    /// <param name="overrideFile">An operator's file (<c>--config FILE</c>): what it sets wins, what it does not set stays.</param>
    /// <param name="profile">Root file; it includes the rest.</param>
    /// <exception cref="ConfigurationException">A file is missing, unreadable, or not HOCON. The text names it.</exception>
    public static Config Load(string? directory = null, string? overrideFile = null, string profile = EmbeddedProfile)
    {
        var config = ReadFile(Path.Combine(directory ?? ShippedDirectory, profile)).WithFallback(Defaults());
        return overrideFile is null ? config : ReadFile(overrideFile).WithFallback(config);
    }

    /// <summary>One file with what it includes, and no defaults.</summary>
    internal static Config ReadFile(string file) => new(Read(Path.GetFullPath(file), depth: 0));

    // Extensions add their defaults when they are first asked for. That is after serialization is set up, too late for the serializers they bring; and the
    // cluster's, which FailoverTimes compares with ours, only when the system runs.
    private static Config Defaults() => ConfigurationFactory.ParseString(AppVersion)
        .WithFallback(ClusterSharding.DefaultConfig())
        .WithFallback(ClusterSingleton.DefaultConfig())
        .WithFallback(DistributedPubSub.DefaultConfig())
        .WithFallback(ClusterClientReceptionist.DefaultConfig())
        .WithFallback(Akka.DistributedData.DistributedData.DefaultConfig())
        .WithFallback(ConfigurationFactory.FromResource("Akka.Cluster.Configuration.Cluster.conf", typeof(Akka.Cluster.Cluster).Assembly))
        .WithFallback(SqlPersistence.DefaultConfiguration);

    private static HoconRoot Read(string file, int depth)
    {
        if (depth > IncludeDepthLimit)
        {
            throw new ConfigurationException($"{file}: files include each other more than {IncludeDepthLimit} deep.");
        }

        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"Configuration file {file} cannot be read: {e.Message}", e);
        }

        if (HoconText.FindUnbalanced(text) is { } unbalanced)
        {
            throw new ConfigurationException($"Configuration file {file} is not valid HOCON: {unbalanced}.");
        }

        try
        {
            return Parser.Parse(text, included => Read(Path.Combine(Path.GetDirectoryName(file)!, included), depth + 1));
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            throw new ConfigurationException($"Configuration file {file} is not valid HOCON: {e.Message}", e);
        }
    }
}
