using System.Collections.Concurrent;
using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

/// <summary>Memory of guests that are arriving: their QEMU takes it while it loads, so the host's figure does not show it yet.</summary>
internal sealed class MemoryPromises
{
    private readonly ConcurrentDictionary<LaunchId, long> _byLaunch = new();

    public long TotalMiB => _byLaunch.Values.Sum();

    public void Promise(LaunchId launch, long mib) => _byLaunch[launch] = mib;

    public void Settle(LaunchId launch) => _byLaunch.TryRemove(launch, out _);
}
