using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Schema;

public sealed class VirtioFeaturesTests
{
    [Fact]
    public void SameDriverOnTwoVersions_IsEqual()
    {
        var on72 = VirtioStatus.Parse(JsonText.Parse(Recorded.VirtioStatus72)).GuestFeatures!;
        var on100 = VirtioStatus.Parse(JsonText.Parse(Recorded.VirtioStatus100Broken)).GuestFeatures!;

        Assert.Equal(on72, on100);
        Assert.Equal(on72.GetHashCode(), on100.GetHashCode());
        Assert.Empty(on72.DifferenceTo(on100));
        Assert.Equal("VIRTIO_F_RING_RESET, VIRTIO_F_VERSION_1, VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_MQ, VIRTIO_RING_F_EVENT_IDX", on72.ToString());
    }

    [Fact]
    public void MisprintedUso6_IsNotTakenForUso4()
    {
        var uso4 = Parse("""{"transports": [], "dev-features": ["VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv4"]}""");
        var uso6 = Parse("""{"transports": [], "dev-features": ["VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv6"]}""");

        Assert.NotEqual(uso4, uso6);
        Assert.Equal(["VIRTIO_NET_F_GUEST_USO4", "VIRTIO_NET_F_GUEST_USO6"], uso4.DifferenceTo(uso6));
    }

    [Fact]
    public void PackedRing_IsSeenByNameAndByNumber()
    {
        Assert.True(Parse("""{"transports": ["VIRTIO_F_RING_PACKED: Device supports packed VQ layout"]}""").IsPackedRing);
        Assert.True(Parse($$"""{"transports": [], "unknown-dev-features": {{1ul << 34}}}""").IsPackedRing);
        Assert.False(Parse("""{"transports": ["VIRTIO_F_VERSION_1: x"]}""").IsPackedRing);
        Assert.False(Parse("{}").IsPackedRing);
    }

    /// <summary>No two bits may come to one form: a difference would be hidden.</summary>
    [Fact]
    public void DifferentUnknownBits_AreNeverEqual() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong).Sample(static (low, high, otherLow, otherHigh) =>
        {
            var one = Parse($$"""{"unknown-dev-features": {{low}}, "unknown-dev-features2": {{high}}}""");
            var other = Parse($$"""{"unknown-dev-features": {{otherLow}}, "unknown-dev-features2": {{otherHigh}}}""");
            Assert.Equal(low == otherLow && high == otherHigh, one.Equals(other));
            Assert.Equal(ulong.PopCount(low) + ulong.PopCount(high), (ulong)one.Names.Length);
        }, iter: 2_000);

    [Fact]
    public void Order_DoesNotMatter() =>
        Gen.Shuffle(new[] { "D: 1", "A: 2", "C", "B: 4" }).Sample(static texts =>
        {
            var list = string.Join(',', texts.Select(JsonText.Quote));
            Assert.Equal(VirtioFeatures.FromNames(["A", "B", "C", "D"]), Parse($$"""{"transports": [], "dev-features": [{{list}}]}"""));
        });

    static VirtioFeatures Parse(string features) =>
        VirtioStatus.Parse(JsonText.Parse($$"""{"name": "virtio-net", "guest-features": {{features}}}""")).GuestFeatures!;
}
