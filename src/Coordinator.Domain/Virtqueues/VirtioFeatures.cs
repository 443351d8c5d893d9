using System.Collections.Frozen;
using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// Negotiated features as sets that compare across QEMU versions. QMP prints <c>NAME: explanation</c> for the bits a version knows and one number for those it
/// does not: bit 40 is <c>unknown-dev-features: 1099511627776</c> on 7.2 (measured) and <c>VIRTIO_F_RING_RESET</c> on later ones. Comparing the words would
/// refuse a correct migration between the two.
/// </summary>
public static class VirtioFeatures
{
    public const string RingPacked = "VIRTIO_F_RING_PACKED";

    public const string NetMultiqueue = "VIRTIO_NET_F_MQ";

    public const string NetRss = "VIRTIO_NET_F_RSS";

    /// <summary>Device-independent bits (virtio 1.2, 6) under the names QEMU prints.</summary>
    private static readonly FrozenDictionary<int, string> s_transportNames = new Dictionary<int, string>
    {
        [24] = "VIRTIO_F_NOTIFY_ON_EMPTY",
        [27] = "VIRTIO_F_ANY_LAYOUT",
        [28] = "VIRTIO_RING_F_INDIRECT_DESC",
        [29] = "VIRTIO_RING_F_EVENT_IDX",
        [32] = "VIRTIO_F_VERSION_1",
        [33] = "VIRTIO_F_IOMMU_PLATFORM",
        [34] = RingPacked,
        [35] = "VIRTIO_F_IN_ORDER",
        [36] = "VIRTIO_F_ORDER_PLATFORM",
        [37] = "VIRTIO_F_SR_IOV",
        [38] = "VIRTIO_F_NOTIFICATION_DATA",
        [39] = "VIRTIO_F_NOTIF_CONFIG_DATA",
        [40] = "VIRTIO_F_RING_RESET",
        [41] = "VIRTIO_F_ADMIN_VQ",
    }.ToFrozenDictionary();

    /// <summary>The younger bits of virtio-net, which a QEMU may offer before its QMP knows their names.</summary>
    private static readonly FrozenDictionary<int, string> s_netNames = new Dictionary<int, string>
    {
        [51] = "VIRTIO_NET_F_HASH_TUNNEL",
        [52] = "VIRTIO_NET_F_VQ_NOTF_COAL",
        [53] = "VIRTIO_NET_F_NOTF_COAL",
        [54] = "VIRTIO_NET_F_GUEST_USO4",
        [55] = "VIRTIO_NET_F_GUEST_USO6",
        [56] = "VIRTIO_NET_F_HOST_USO",
        [57] = "VIRTIO_NET_F_HASH_REPORT",
        [59] = "VIRTIO_NET_F_GUEST_HDRLEN",
        [60] = NetRss,
        [61] = "VIRTIO_NET_F_RSC_EXT",
        [62] = "VIRTIO_NET_F_STANDBY",
        [63] = "VIRTIO_NET_F_SPEED_DUPLEX",
    }.ToFrozenDictionary();

    /// <summary>A feature object of QMP (<c>transports</c>, <c>dev-features</c>, <c>unknown-dev-features</c>) as sorted names; bits without a name are <c>bit N</c>.</summary>
    public static EquatableList<string> FromQmp(string deviceName, IEnumerable<string> transports, IEnumerable<string> deviceFeatures, ulong unknownDeviceFeatures)
    {
        ArgumentNullException.ThrowIfNull(transports);
        ArgumentNullException.ThrowIfNull(deviceFeatures);
        SortedSet<string> names = new(StringComparer.Ordinal);
        names.UnionWith(transports.Concat(deviceFeatures).Select(Canonical));
        for (int bit = 0; bit < 64; bit++)
        {
            if ((unknownDeviceFeatures & (1UL << bit)) != 0)
            {
                names.Add(NameOf(deviceName, bit));
            }
        }

        return names.ToEquatableList();
    }

    /// <summary>Features that only one side has, each as a sentence part; empty when the sets are equal.</summary>
    public static EquatableList<string> Differences(IEnumerable<string> source, IEnumerable<string> destination)
    {
        HashSet<string> left = Canonical(source);
        HashSet<string> right = Canonical(destination);
        return left.Except(right, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(f => $"{f} only on the source")
            .Concat(right.Except(left, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(f => $"{f} only on the destination"))
            .ToEquatableList();
    }

    /// <summary>Features in <paramref name="wanted"/> that are not in <paramref name="offered"/>.</summary>
    public static EquatableList<string> Missing(IEnumerable<string> wanted, IEnumerable<string> offered) =>
        Canonical(wanted).Except(Canonical(offered), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToEquatableList();

    public static bool Contains(IEnumerable<string> features, string name) => Canonical(features).Contains(name);

    private static HashSet<string> Canonical(IEnumerable<string> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        return features.Where(f => f is not null).Select(Canonical).Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal);
    }

    private static string Canonical(string feature)
    {
        int colon = feature.IndexOf(':', StringComparison.Ordinal);
        string name = (colon < 0 ? feature : feature[..colon]).Trim();
        return name == "VIRTIO_F_ACCESS_PLATFORM" ? "VIRTIO_F_IOMMU_PLATFORM" : name;
    }

    private static string NameOf(string deviceName, int bit)
    {
        if (s_transportNames.TryGetValue(bit, out string? transport))
        {
            return transport;
        }

        return deviceName == "virtio-net" && s_netNames.TryGetValue(bit, out string? net) ? net : string.Create(CultureInfo.InvariantCulture, $"bit {bit}");
    }
}
