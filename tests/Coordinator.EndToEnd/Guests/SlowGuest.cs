using Coordinator.Contracts.Api;
using Coordinator.Lab.Guests;

namespace Coordinator.EndToEnd.Guests;

/// <summary>
/// A guest whose copying takes some seconds at a small bandwidth. It has no system, and untouched memory is sent as zero pages of 9 bytes each, so its size makes the time: 2 GiB
/// are 524,288 pages and some 5 MB. The memory is never touched on the host either.
/// </summary>
internal static class SlowGuest
{
    public const string Name = "slow";

    /// <summary>Little more than 1 MiB/s, the least that a policy may give: some 4 to 5 s of copying.</summary>
    public static MigrationPolicy Policy() => new() { BandwidthBytesPerSec = 1 << 20, VerifyMs = 200, SwitchoverDeadlineMs = 30_000 };

    public static string Definition() => Definitions.Empty(Name, "6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5d", memoryMib: 2048);
}
