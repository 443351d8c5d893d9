using Prometheus;

namespace Coordinator.Actors.Metrics;

/// <summary>What the node's process costs its machine: <c>process_*</c> and <c>dotnet_*</c> under the names that every exporter for .NET has, and what it really needs of its heap.</summary>
internal static class ProcessMetrics
{
    internal static void Register(CollectorRegistry registry, MetricFactory create)
    {
        DotNetStats.Register(registry);
        Gauge live = create.CreateGauge(
            "coordinator_heap_live_bytes", "Managed memory that the last collection of the whole heap found in use; 0 before the first. What has become garbage since is not in it, unlike in dotnet_total_memory_bytes.");
        registry.AddBeforeCollectCallback(() => live.Set(LiveBytes()));
    }

    private static long LiveBytes()
    {
        GCMemoryInfo blocking = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        GCMemoryInfo background = GC.GetGCMemoryInfo(GCKind.Background);
        GCMemoryInfo last = background.Index > blocking.Index ? background : blocking;
        return Math.Max(0, last.HeapSizeBytes - last.FragmentedBytes);
    }
}
