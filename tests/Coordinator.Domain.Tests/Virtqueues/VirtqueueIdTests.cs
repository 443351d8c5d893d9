using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class VirtqueueIdTests
{
    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(null)]
    public void Constructor_EmptyPath_IsRefused(string? path) => Assert.ThrowsAny<ArgumentException>(() => new VirtqueueId(path!, 0));

    [Theory]
    [InlineData(-1)]
    [InlineData(1024)]
    [InlineData(int.MaxValue)]
    public void Constructor_IndexOutOfRange_IsRefused(int index) => Assert.Throws<ArgumentOutOfRangeException>(() => new VirtqueueId(Rings.Net0, index));

    [Fact]
    public void Constructor_FirstAndLastIndex_AreAccepted()
    {
        Assert.Equal(0, new VirtqueueId(Rings.Net0, 0).Index);
        Assert.Equal(1023, new VirtqueueId(Rings.Net0, 1023).Index);
        Assert.Equal(new VirtqueueId(Rings.Net0, 7), new VirtqueueId(Rings.Net0, 7));
    }

    [Theory]
    [InlineData(Rings.Net0, "net0")]
    [InlineData("/machine/peripheral-anon/device[3]/virtio-backend", "device[3]")]
    [InlineData("/machine/peripheral/net0", "net0")]
    [InlineData("/machine/unattached/x", "/machine/unattached/x")]
    [InlineData("/machine/peripheral/", "/machine/peripheral/")]
    public void DeviceLabel_OfPath_IsWhatPeopleCallIt(string path, string label) => Assert.Equal(label, new VirtqueueId(path, 0).DeviceLabel);

    [Fact]
    public void ToString_OfDefault_DoesNotThrow() => Assert.Equal("(device without a path) queue 0", default(VirtqueueId).ToString());

    [Theory]
    [InlineData("virtio-net", 0, 5, "rx0", QueueRole.Receive)]
    [InlineData("virtio-net", 1, 5, "tx0", QueueRole.Transmit)]
    [InlineData("virtio-net", 2, 5, "rx1", QueueRole.Receive)]
    [InlineData("virtio-net", 3, 5, "tx1", QueueRole.Transmit)]
    [InlineData("virtio-net", 4, 5, "ctrl", QueueRole.Control)]
    [InlineData("virtio-net", 2, 3, "ctrl", QueueRole.Control)]
    [InlineData("virtio-net", 128, 129, "ctrl", QueueRole.Control)]
    [InlineData("virtio-net", 127, 129, "tx63", QueueRole.Transmit)]
    [InlineData("virtio-net", 2, 4, "rx1", QueueRole.Receive)]
    [InlineData("virtio-net", 0, 0, "rx0", QueueRole.Receive)]
    [InlineData("virtio-net", 3, 0, "tx1", QueueRole.Transmit)]
    [InlineData("virtio-net", 2, 0, "queue 2", QueueRole.Other)]
    [InlineData("virtio-blk", 0, 1, "queue 0", QueueRole.Other)]
    [InlineData(null, 0, 1, "queue 0", QueueRole.Other)]
    public void QueueName_OfIndex_IsWhatPeopleCallIt(string? device, int index, int count, string name, QueueRole role) =>
        Assert.Equal(new QueueName(name, role), QueueName.Of(device, index, count));
}
