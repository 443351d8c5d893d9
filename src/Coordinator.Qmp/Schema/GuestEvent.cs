namespace Coordinator.Qmp.Schema;

/// <summary>The events a migration is steered by, typed; all others are <see cref="OtherEvent"/>.</summary>
public abstract record GuestEvent(DateTimeOffset Timestamp)
{
    public static GuestEvent Parse(QmpEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        var at = happened.Timestamp;
        var fields = new SchemaFields(happened.Data, $"event {happened.Name}");
        return happened.Name switch
        {
            "MIGRATION" => new MigrationStatusChanged(at, fields.Text("status")),
            "MIGRATION_PASS" => new MigrationPassBegan(at, fields.Signed("pass", 0, long.MaxValue)),
            "STOP" => new GuestStopped(at),
            "RESUME" => new GuestResumed(at),
            "SHUTDOWN" => new GuestShutDown(at, fields.FlagOrNull("guest") ?? false, fields.TextOrNull("reason") ?? ""),
            "RESET" => new GuestReset(at, fields.FlagOrNull("guest") ?? false, fields.TextOrNull("reason") ?? ""),
            _ => new OtherEvent(at, happened),
        };
    }
}

/// <param name="Timestamp">QEMU's clock.</param>
/// <param name="Status">QEMU's word; an unknown one means "keep watching".</param>
public sealed record MigrationStatusChanged(DateTimeOffset Timestamp, string Status) : GuestEvent(Timestamp);

/// <param name="Timestamp">QEMU's clock.</param>
/// <param name="Pass">Counts from 1; the last one runs while the guest stands still.</param>
public sealed record MigrationPassBegan(DateTimeOffset Timestamp, long Pass) : GuestEvent(Timestamp);

public sealed record GuestStopped(DateTimeOffset Timestamp) : GuestEvent(Timestamp);

/// <summary>With vhost backends it comes before their rings are set up (measured), so it does not end the NIC's blackout there.</summary>
public sealed record GuestResumed(DateTimeOffset Timestamp) : GuestEvent(Timestamp);

/// <param name="Timestamp">QEMU's clock.</param>
/// <param name="IsByGuest">False when the host asked for it.</param>
/// <param name="Reason">For example guest-shutdown, host-qmp-quit, host-signal.</param>
public sealed record GuestShutDown(DateTimeOffset Timestamp, bool IsByGuest, string Reason) : GuestEvent(Timestamp);

/// <inheritdoc cref="GuestShutDown"/>
public sealed record GuestReset(DateTimeOffset Timestamp, bool IsByGuest, string Reason) : GuestEvent(Timestamp);

public sealed record OtherEvent(DateTimeOffset Timestamp, QmpEvent Event) : GuestEvent(Timestamp);
