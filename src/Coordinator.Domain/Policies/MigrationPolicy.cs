namespace Coordinator.Domain.Policies;

/// <summary>What to do when the rehearsal shows that the handoff would take longer than its budget.</summary>
public enum OverBudgetAction
{
    Warn,
    Refuse,
}

/// <summary>Whose turn it is when not all can go at once. A greater one goes first, whatever was asked for earlier; KubeVirt's three, in its order.</summary>
public enum MigrationPriority
{
    /// <summary>Emptying a host: it may take hours, and nobody waits for one guest of it.</summary>
    Drain,

    /// <summary>Somebody asked for this one.</summary>
    User,

    /// <summary>What other guests depend on.</summary>
    System,
}

/// <summary>
/// How one migration is to be carried out. Every value outside its range is refused with <see cref="InvalidValueException"/> by <see cref="Checked"/> before anything is
/// persisted or a guest is touched. Deadlines are durations on a monotonic clock; none of them is a safety argument.
/// </summary>
public sealed record MigrationPolicy
{
    public static readonly MigrationPolicy Default = new();

    /// <summary>QEMU's <c>downtime-limit</c>, 1 to 2,000,000 ms (QEMU's own ceiling is 2000 s).</summary>
    public int DowntimeLimitMs { get; init; } = 300;

    /// <summary>QEMU's <c>max-bandwidth</c>, 1 MiB/s to 1 TiB/s. QEMU's own default of 128 MiB/s, not the CPU, is what makes small guests slow to move.</summary>
    public long BandwidthBytesPerSec { get; init; } = 1L << 30;

    /// <summary>Among those that wait for a slot.</summary>
    public MigrationPriority Priority { get; init; } = MigrationPriority.User;

    /// <summary>Waiting for a slot, 1 s to 7 days. Past it the migration has failed before anything was started.</summary>
    public int QueueDeadlineMs { get; init; } = 24 * 3_600_000;

    /// <summary>Launch, comparison of both sides and rehearsal, 1 s to 1 h.</summary>
    public int PrepareDeadlineMs { get; init; } = 60_000;

    /// <summary>Copying while the guest runs, 1 s to 7 days. Past it the attempt is cancelled; the guest never stopped.</summary>
    public int IterateDeadlineMs { get; init; } = 3_600_000;

    /// <summary>How long the guest may stand still before the agents break the switchover off, 100 ms to 10 min.</summary>
    public int SwitchoverDeadlineMs { get; init; } = 5_000;

    /// <summary>For how long queues are watched for progress after the guest runs at the destination, 0 to 60 s.</summary>
    public int VerifyMs { get; init; } = 2_000;

    /// <summary>1 to 10.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>What the empty handoff of the rehearsal may take (round trip plus one sync), 1 ms to 10 s.</summary>
    public int RehearsalBudgetMs { get; init; } = 50;

    public OverBudgetAction OnRehearsalOverBudget { get; init; } = OverBudgetAction.Warn;

    /// <summary>Returns itself, or refuses the first value that is out of range, naming the field, the value and the range.</summary>
    /// <exception cref="InvalidValueException">A value is out of its range.</exception>
    public MigrationPolicy Checked()
    {
        Check("downtimeLimitMs", DowntimeLimitMs, 1, 2_000_000);
        Check("bandwidthBytesPerSec", BandwidthBytesPerSec, 1L << 20, 1L << 40);
        Check("queueDeadlineMs", QueueDeadlineMs, 1_000, 7 * 24 * 3_600_000L);
        Check("prepareDeadlineMs", PrepareDeadlineMs, 1_000, 3_600_000);
        Check("iterateDeadlineMs", IterateDeadlineMs, 1_000, 7 * 24 * 3_600_000L);
        Check("switchoverDeadlineMs", SwitchoverDeadlineMs, 100, 600_000);
        Check("verifyMs", VerifyMs, 0, 60_000);
        Check("maxAttempts", MaxAttempts, 1, 10);
        Check("rehearsalBudgetMs", RehearsalBudgetMs, 1, 10_000);
        return this;
    }

    private static void Check(string field, long value, long lowest, long highest)
    {
        if (value < lowest || value > highest)
        {
            throw new InvalidValueException(
                field, value.ToString(System.Globalization.CultureInfo.InvariantCulture), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{lowest} to {highest}"));
        }
    }
}
