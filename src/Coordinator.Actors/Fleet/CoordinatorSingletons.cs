namespace Coordinator.Actors.Fleet;

/// <summary>What runs once in the cluster, on its oldest node, by the names that people see.</summary>
public static class CoordinatorSingletons
{
    /// <summary>The coordinator of all shards: without it no entity finds its place.</summary>
    public const string Shards = "shards";

    /// <summary>Those without which the cluster is not well. Others are shown where they are.</summary>
    public static readonly IReadOnlyList<string> Needed = ["admission", "drains", "projection", Shards, "sweeper"];

    /// <summary>A singleton is the one child of its manager, by the usual name unless it was given another.</summary>
    internal static readonly IReadOnlyList<string> Paths = ["/user/*/singleton", "/user/admission/admission", "/system/sharding/*/singleton"];

    /// <param name="manager">Name of the actor above the singleton; sharding appends a word to the region's own (Akka.Cluster.Sharding 1.5.73: <c>vmCoordinator</c>).</param>
    internal static string NameOf(string manager) => manager == $"{Platform.VmRegion.TypeName}Coordinator" ? Shards : manager;
}
