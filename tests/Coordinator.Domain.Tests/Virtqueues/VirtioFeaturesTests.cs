using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class VirtioFeaturesTests
{
    /// <summary>Bit 40 as 7.2.22 printed it and as later versions print it, with their other wording.</summary>
    [Fact]
    public void Differences_SameBitsFromTwoQemuVersions_AreNone()
    {
        EquatableList<string> older = VirtioFeatures.FromQmp(
            "virtio-net",
            ["VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)"],
            ["VIRTIO_NET_F_MQ: Multiqueue with automatic receive steering supported"],
            1099511627776);
        EquatableList<string> newer = VirtioFeatures.FromQmp(
            "virtio-net",
            ["VIRTIO_F_RING_RESET: Driver can reset a queue individually", "VIRTIO_F_VERSION_1: other words"],
            ["VIRTIO_NET_F_MQ"],
            0);

        Assert.Equal(older, newer);
        Assert.Empty(VirtioFeatures.Differences(older, newer));
    }

    [Fact]
    public void Differences_OneSided_SayWhichSide() =>
        Assert.Equal(
            ["VIRTIO_NET_F_MQ only on the source", "VIRTIO_F_RING_PACKED only on the destination"],
            VirtioFeatures.Differences(["VIRTIO_NET_F_MQ: x", "VIRTIO_F_VERSION_1"], ["VIRTIO_F_VERSION_1", "VIRTIO_F_RING_PACKED"]));

    [Fact]
    public void Differences_OrderAndRepetition_DoNotMatter() =>
        Assert.Empty(VirtioFeatures.Differences(["B", "A", "A", ""], ["A: words", " B "]));

    [Fact]
    public void FromQmp_UnknownBits_AreNamedByDevice()
    {
        Assert.Equal(["VIRTIO_NET_F_HOST_USO", "bit 20"], VirtioFeatures.FromQmp("virtio-net", [], [], (1UL << 56) | (1UL << 20)));
        Assert.Equal(["bit 20", "bit 56"], VirtioFeatures.FromQmp("virtio-blk", [], [], (1UL << 56) | (1UL << 20)));
    }

    [Fact]
    public void Missing_NotOffered_AreNamed() =>
        Assert.Equal(["VIRTIO_F_RING_PACKED"], VirtioFeatures.Missing(["VIRTIO_F_RING_PACKED: x", "A"], ["A: y", "B"]));
}
