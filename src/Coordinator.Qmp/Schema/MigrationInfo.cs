using System.Text.Json;

namespace Coordinator.Qmp.Schema;

/// <summary>
/// The reply of <c>query-migrate</c>. Before any migration QEMU answers <c>{}</c>; on the destination it gives only the status.
/// Everything but the status is absent where QEMU does not tell it, which is not the same as zero.
/// </summary>
public sealed record MigrationInfo
{
    /// <summary>What <see cref="Status"/> is when QEMU names none.</summary>
    public const string NoStatus = "none";

    /// <summary>QEMU's word, kept as it is: versions add words, and an unknown one means "keep polling", never an error.</summary>
    public required string Status { get; init; }

    public long? TotalTimeMs { get; init; }

    public long? DowntimeMs { get; init; }

    public long? ExpectedDowntimeMs { get; init; }

    public long? SetupTimeMs { get; init; }

    /// <summary>0..99; how far auto-converge slows the guest's vCPUs.</summary>
    public int? CpuThrottlePercent { get; init; }

    /// <summary>For people; QEMU documents that it must not be parsed.</summary>
    public string? ErrorDescription { get; init; }

    /// <summary>Why a migration would be refused now; empty where nothing blocks or QEMU does not say (before 6.0).</summary>
    public IReadOnlyList<string> BlockedReasons { get; init; } = [];

    public MigrationRam? Ram { get; init; }

    public static MigrationInfo Parse(JsonElement reply)
    {
        var fields = SchemaFields.Of(reply, "query-migrate");
        return new MigrationInfo
        {
            Status = fields.TextOrNull("status") ?? NoStatus,
            TotalTimeMs = fields.SignedOrNull("total-time"),
            DowntimeMs = fields.SignedOrNull("downtime"),
            ExpectedDowntimeMs = fields.SignedOrNull("expected-downtime"),
            SetupTimeMs = fields.SignedOrNull("setup-time"),
            CpuThrottlePercent = (int?)fields.SignedOrNull("cpu-throttle-percentage", 0, int.MaxValue),
            ErrorDescription = fields.TextOrNull("error-desc"),
            BlockedReasons = fields.TextsOrNull("blocked-reasons") ?? [],
            Ram = fields.ObjectOrNull("ram") is { } ram ? MigrationRam.Parse(ram) : null,
        };
    }
}
