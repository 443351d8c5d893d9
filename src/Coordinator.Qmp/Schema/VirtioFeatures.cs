using System.Collections.Immutable;

namespace Coordinator.Qmp.Schema;

/// <summary>
/// A set of feature bits as <c>x-query-virtio-status</c> words them, brought to one form so that two QEMUs, also of different versions,
/// can be compared. QEMU writes <c>NAME: explanation</c> for bits it can name and the rest as a number, and newer versions name more:
/// bit 40 is 1099511627776 on 7.2 and "VIRTIO_F_RING_RESET: ..." on 10.0 (measured).
/// </summary>
public sealed record VirtioFeatures
{
    public const string PackedRing = "VIRTIO_F_RING_PACKED";

    /// <summary>Names of bits that some supported QEMU reports only as a number. Virtio specification 1.3, sections 6 and 5.1.3.</summary>
    static readonly Dictionary<int, string> TransportNames = new()
    {
        [24] = "VIRTIO_F_NOTIFY_ON_EMPTY",
        [27] = "VIRTIO_F_ANY_LAYOUT",
        [28] = "VIRTIO_RING_F_INDIRECT_DESC",
        [29] = "VIRTIO_RING_F_EVENT_IDX",
        [30] = "VHOST_USER_F_PROTOCOL_FEATURES",
        [32] = "VIRTIO_F_VERSION_1",
        [33] = "VIRTIO_F_IOMMU_PLATFORM",
        [34] = PackedRing,
        [35] = "VIRTIO_F_IN_ORDER",
        [36] = "VIRTIO_F_ORDER_PLATFORM",
        [37] = "VIRTIO_F_SR_IOV",
        [38] = "VIRTIO_F_NOTIFICATION_DATA",
        [40] = "VIRTIO_F_RING_RESET",
    };

    static readonly Dictionary<int, string> NetNames = new()
    {
        [53] = "VIRTIO_NET_F_NOTF_COAL",
        [54] = "VIRTIO_NET_F_GUEST_USO4",
        [55] = "VIRTIO_NET_F_GUEST_USO6",
        [56] = "VIRTIO_NET_F_HOST_USO",
        [57] = "VIRTIO_NET_F_HASH_REPORT",
        [60] = "VIRTIO_NET_F_RSS",
        [61] = "VIRTIO_NET_F_RSC_EXT",
        [62] = "VIRTIO_NET_F_STANDBY",
        [63] = "VIRTIO_NET_F_SPEED_DUPLEX",
    };

    VirtioFeatures(ImmutableArray<string> names) => Names = names;

    /// <summary>Sorted, each once. A bit that nobody names is <c>bit 41</c>.</summary>
    public ImmutableArray<string> Names { get; }

    public bool IsPackedRing => Contains(PackedRing);

    public bool Contains(string name) => Names.BinarySearch(name, StringComparer.Ordinal) >= 0;

    /// <summary>What stands on one side only, for naming a mismatch; empty exactly when the two are equal.</summary>
    public IReadOnlyList<string> DifferenceTo(VirtioFeatures other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return [.. Names.Except(other.Names, StringComparer.Ordinal), .. other.Names.Except(Names, StringComparer.Ordinal)];
    }

    public bool Equals(VirtioFeatures? other) => other is not null && Names.AsSpan().SequenceEqual(other.Names.AsSpan());

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var name in Names)
            hash.Add(name, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    public override string ToString() => string.Join(", ", Names);

    public static VirtioFeatures FromNames(IEnumerable<string> names) =>
        new([.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

    internal static VirtioFeatures? ParseOrNull(SchemaFields status, string field, string deviceName)
    {
        if (status.ObjectOrNull(field) is not { } features)
            return null;
        var named = (features.TextsOrNull("transports") ?? []).Concat(features.TextsOrNull("dev-features") ?? []).Select(NameOf);
        var low = Unnamed(features.UnsignedOrNull("unknown-dev-features") ?? 0, firstBit: 0, deviceName);
        // Bits 64..127, reported by QEMU 10.2 and later.
        var high = Unnamed(features.UnsignedOrNull("unknown-dev-features2") ?? 0, firstBit: 64, deviceName);
        return FromNames(named.Concat(low).Concat(high));
    }

    /// <summary>The part before the colon, with the one misprint put right that would make two bits one.</summary>
    internal static string NameOf(string text)
    {
        // hw/virtio/virtio-qmp.c gives bit 55 the name of bit 54; only the explanation differs.
        if (text == "VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv6")
            return "VIRTIO_NET_F_GUEST_USO6";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? text : text[..colon];
    }

    static IEnumerable<string> Unnamed(ulong bits, int firstBit, string deviceName)
    {
        for (var i = 0; i < 64; i++)
        {
            if ((bits >> i & 1) == 0)
                continue;
            var bit = firstBit + i;
            yield return TransportNames.GetValueOrDefault(bit)
                ?? (deviceName == "virtio-net" ? NetNames.GetValueOrDefault(bit) : null)
                ?? $"bit {bit}";
        }
    }
}
