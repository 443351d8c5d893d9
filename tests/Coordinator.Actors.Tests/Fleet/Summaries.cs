using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

internal static class Summaries
{
    /// <param name="vm">Name.</param>
    /// <param name="sequence">Of the journal.</param>
    /// <param name="phase">Empty for a VM that was never migrated.</param>
    /// <param name="samples">Since that event.</param>
    /// <param name="node">Where the entity lives.</param>
    /// <param name="requestedAt">Of the migration.</param>
    /// <param name="endedAt">Of the migration.</param>
    internal static VmSummary Of(
        string vm, long sequence = 1, string phase = "Iterating", int samples = 0, string node = "node-1", DateTimeOffset? requestedAt = null, DateTimeOffset? endedAt = null) => new(
        vm, (sequence << 20) | (long)samples, node, "Resident", "host-a", "running", phase.Length > 0 ? $"id-{vm}" : "", phase, phase is "Succeeded" or "Failed" or "Cancelled" or "Lost",
        phase.Length > 0 ? "host-a" : "", phase.Length > 0 ? "host-b" : "", 1, CancelRequested: false, "", "", requestedAt?.ToUnixTimeMilliseconds() ?? 0, 0, endedAt?.ToUnixTimeMilliseconds() ?? 0,
        sequence, Copy: null);
}
