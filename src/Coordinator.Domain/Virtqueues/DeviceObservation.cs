namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// What one reading of one virtio device said (<c>x-query-virtio-status</c>, safe at any time, and its queues). The lists are never null, whatever a deserializer puts in:
/// the parity gate must not throw on odd input.
/// </summary>
public sealed record DeviceObservation
{
    public required string DevicePath { get; init; }

    /// <summary>QEMU's name of the device type, for instance <c>virtio-net</c>.</summary>
    public required string DeviceName { get; init; }

    /// <summary>What the driver accepted; best made by <see cref="VirtioFeatures.FromQmp"/>. Raw QMP words are understood as well.</summary>
    public EquatableList<string> GuestFeatures { get; init => field = value ?? []; } = [];

    /// <summary>What the device offers. Empty when it was not read.</summary>
    public EquatableList<string> HostFeatures { get; init => field = value ?? []; } = [];

    /// <summary>QEMU has given the device up; it does nothing until the driver resets it.</summary>
    public bool Broken { get; init; }

    /// <summary>The device status has NEEDS_RESET: the driver was told so (VERSION_1 devices only).</summary>
    public bool NeedsReset { get; init; }

    public bool Started { get; init; }

    public bool VhostStarted { get; init; }

    public EquatableList<VirtqueueObservation> Queues { get; init => field = value ?? []; } = [];

    /// <summary><c>net0</c></summary>
    public string Label => DeviceLabel.Of(DevicePath);
}
