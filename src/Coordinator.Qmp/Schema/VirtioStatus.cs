using System.Text.Json;

namespace Coordinator.Qmp.Schema;

/// <summary>
/// The reply of <c>x-query-virtio-status</c>, which never touches the backend and so is harmless on a running vhost device.
/// "Unstable" in QEMU: any field but the name may be absent.
/// </summary>
public sealed record VirtioStatus
{
    const string NeedsResetBit = "VIRTIO_CONFIG_S_NEEDS_RESET";

    public required string DeviceName { get; init; }

    /// <summary>Virtio's device type: 1 net, 2 block, ... (virtio specification, section 5).</summary>
    public int? DeviceId { get; init; }

    public int? VirtqueueCount { get; init; }

    /// <summary>QEMU found the rings inconsistent (virtio_error) and has stopped the device for good.</summary>
    public bool? IsBroken { get; init; }

    public bool? IsStarted { get; init; }

    /// <summary>While true, <c>x-query-virtio-queue-status</c> asks the backend for its ring base, which stops a vhost-user ring (measured).</summary>
    public bool? IsVhostStarted { get; init; }

    public bool? IsVmRunning { get; init; }

    /// <summary>What the driver accepted; empty before it has.</summary>
    public VirtioFeatures? GuestFeatures { get; init; }

    /// <summary>What the device offers.</summary>
    public VirtioFeatures? HostFeatures { get; init; }

    /// <summary>Status bits by name, sorted, for example <c>VIRTIO_CONFIG_S_DRIVER_OK</c>; unnamed bits as <c>bit 3</c>.</summary>
    public IReadOnlyList<string> Statuses { get; init; } = [];

    /// <summary>The driver has been told that only a reset helps.</summary>
    public bool NeedsReset => Statuses.Contains(NeedsResetBit, StringComparer.Ordinal);

    public bool IsDriverReady => Statuses.Contains("VIRTIO_CONFIG_S_DRIVER_OK", StringComparer.Ordinal);

    public static VirtioStatus Parse(JsonElement reply)
    {
        var fields = SchemaFields.Of(reply, "x-query-virtio-status");
        var name = fields.Text("name");
        return new VirtioStatus
        {
            DeviceName = name,
            DeviceId = (int?)fields.UnsignedOrNull("device-id", ushort.MaxValue),
            VirtqueueCount = (int?)fields.UnsignedOrNull("num-vqs", int.MaxValue),
            IsBroken = fields.FlagOrNull("broken"),
            IsStarted = fields.FlagOrNull("started"),
            IsVhostStarted = fields.FlagOrNull("vhost-started"),
            IsVmRunning = fields.FlagOrNull("vm-running"),
            GuestFeatures = VirtioFeatures.ParseOrNull(fields, "guest-features", name),
            HostFeatures = VirtioFeatures.ParseOrNull(fields, "host-features", name),
            Statuses = fields.ObjectOrNull("status") is { } status ? ParseStatuses(status) : [],
        };
    }

    static List<string> ParseStatuses(SchemaFields status)
    {
        var names = (status.TextsOrNull("statuses") ?? []).Select(VirtioFeatures.NameOf).ToList();
        var unnamed = status.UnsignedOrNull("unknown-statuses", byte.MaxValue) ?? 0;
        for (var bit = 0; bit < 8; bit++)
        {
            if ((unnamed >> bit & 1) != 0)
                names.Add($"bit {bit}");
        }
        names.Sort(StringComparer.Ordinal);
        return names;
    }
}
