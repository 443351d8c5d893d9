namespace Coordinator.Qmp.Schema;

/// <summary>Guest memory in <c>query-migrate</c>; null where this QEMU does not report the figure.</summary>
public sealed record MigrationRam
{
    public long? TotalBytes { get; init; }

    public long? RemainingBytes { get; init; }

    public long? TransferredBytes { get; init; }

    /// <summary>Pages sent as one repeated byte.</summary>
    public long? DuplicatePages { get; init; }

    public long? NormalPages { get; init; }

    public long? NormalBytes { get; init; }

    public long? PageSizeBytes { get; init; }

    /// <summary>Pages per second that the guest wrote in the last pass.</summary>
    public long? DirtyPagesPerSecond { get; init; }

    public long? SentPagesPerSecond { get; init; }

    public double? MegabitsPerSecond { get; init; }

    /// <summary>How often the dirty bitmap was read: QEMU's count of passes.</summary>
    public long? DirtySyncCount { get; init; }

    public long? PrecopyBytes { get; init; }

    public long? DowntimeBytes { get; init; }

    public long? PostcopyBytes { get; init; }

    public long? PostcopyRequests { get; init; }

    public long? MultifdBytes { get; init; }

    public long? DirtyBytesPerSecond => DirtyPagesPerSecond * PageSizeBytes;

    internal static MigrationRam Parse(SchemaFields fields) => new()
    {
        TotalBytes = fields.SignedOrNull("total"),
        RemainingBytes = fields.SignedOrNull("remaining"),
        TransferredBytes = fields.SignedOrNull("transferred"),
        DuplicatePages = fields.SignedOrNull("duplicate"),
        NormalPages = fields.SignedOrNull("normal"),
        NormalBytes = fields.SignedOrNull("normal-bytes"),
        PageSizeBytes = fields.SignedOrNull("page-size"),
        DirtyPagesPerSecond = fields.SignedOrNull("dirty-pages-rate"),
        SentPagesPerSecond = fields.SignedOrNull("pages-per-second"),
        MegabitsPerSecond = fields.RealOrNull("mbps"),
        DirtySyncCount = fields.SignedOrNull("dirty-sync-count"),
        PrecopyBytes = fields.SignedOrNull("precopy-bytes"),
        DowntimeBytes = fields.SignedOrNull("downtime-bytes"),
        PostcopyBytes = fields.SignedOrNull("postcopy-bytes"),
        PostcopyRequests = fields.SignedOrNull("postcopy-requests"),
        MultifdBytes = fields.SignedOrNull("multifd-bytes"),
    };
}
