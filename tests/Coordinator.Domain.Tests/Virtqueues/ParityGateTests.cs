using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class ParityGateTests
{
    private static readonly DeviceObservation s_source = Rings.Device(RingSide.Source);
    private static readonly DeviceObservation s_destination = Rings.Device(RingSide.Destination);

    [Fact]
    public void Judge_EqualDevices_OpensWithAJudgementForEveryQueue()
    {
        ParityGateResult result = ParityGate.Judge([s_source], [s_destination]);

        Assert.True(result.IsOpen);
        Assert.Equal(s_source.Queues.Select(q => q.Id), result.Judgements.Select(j => j.Id));
        Assert.Empty(result.Reasons);
        Assert.Equal("open: 5 equal, 0 equal but lap-blind, 0 not set up", result.Summary);
    }

    [Fact]
    public void Judge_NotSetUpAndPackedQueues_StillOpen()
    {
        static DeviceObservation Mixed(DeviceObservation device, RingSide side) => device
            .WithQueue(2, _ => Rings.NotSetUp(side))
            .WithQueue(0, q => q with { Layout = RingLayout.Packed });

        ParityGateResult result = ParityGate.Judge([Mixed(s_source, RingSide.Source)], [Mixed(s_destination, RingSide.Destination)]);

        Assert.True(result.IsOpen);
        Assert.Equal("open: 3 equal, 1 equal but lap-blind, 1 not set up", result.Summary);
    }

    /// <summary>The measured picture of the reported error: completed on both sides, no event; rx0 zeroed, the device broken.</summary>
    [Fact]
    public void Judge_ReportedDefect_ClosesOnQueueAndDevice()
    {
        DeviceObservation destination = s_destination.WithQueue(0, q => q with { UsedIdx = 0, ShadowAvailIdx = 0, Inuse = 0 }) with { Broken = true, NeedsReset = true };

        ParityGateResult result = ParityGate.Judge([s_source], [destination]);

        Assert.False(result.IsOpen);
        Assert.Equal(
            [ParityOutcome.Mismatch, ParityOutcome.Equal, ParityOutcome.Equal, ParityOutcome.Equal, ParityOutcome.Equal],
            result.Judgements.Select(j => j.Outcome));
        Assert.StartsWith("closed: net0 rx0: used_idx differs: source 12 (0xc), destination 0 (0x0), delta 0xfff4", result.Summary, StringComparison.Ordinal);
        Assert.Contains(result.Reasons, r => r.Contains("broken", StringComparison.Ordinal) && r.Contains("on the destination only", StringComparison.Ordinal));
        Assert.Contains(result.Reasons, r => r.Contains("NEEDS_RESET", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> DeviceChanges => new()
    {
        { "broken", "QEMU has marked the device broken" },
        { "broken before", "on both sides: it was so before the migration" },
        { "needs reset", "NEEDS_RESET" },
        { "features", "VIRTIO_NET_F_MQ only on the source" },
        { "name", "'virtio-net' on the source and 'virtio-blk' on the destination" },
        { "fewer queues", "5 queues on the source and 4 on the destination" },
        { "missing", "the destination does not have this device" },
        { "extra", "only the destination has this device" },
        { "twice", "the destination lists this device twice" },
        { "queue twice", "the destination lists queue 1 twice" },
        { "foreign queue", "lists a queue that is not of this device" },
        { "no path", "the destination lists a device without a path" },
        { "unread", "the destination's devices were not read" },
        { "unread queue", "vhost was started on the destination" },
        { "provisional", "provisional" },
        { "lost record", "the destination has no record of this queue" },
    };

    [Theory]
    [MemberData(nameof(DeviceChanges))]
    public void Judge_AnythingWrong_ClosesWithAReason(string what, string reason)
    {
        DeviceObservation blk = Rings.Device(RingSide.Destination, "/machine/peripheral/disk0/virtio-backend", 3) with { DeviceName = "virtio-blk" };
        (DeviceObservation[] source, DeviceObservation[]? destination) = what switch
        {
            "broken" => ([s_source], [s_destination with { Broken = true }]),
            "broken before" => ([s_source with { Broken = true }], [s_destination with { Broken = true }]),
            "needs reset" => ([s_source], [s_destination with { NeedsReset = true }]),
            "features" => ([s_source], [s_destination with { GuestFeatures = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_CTRL_VQ"] }]),
            "name" => ([s_source], [s_destination with { DeviceName = "virtio-blk" }]),
            "fewer queues" => ([s_source], [s_destination with { Queues = s_destination.Queues.Take(4).ToEquatableList() }]),
            "missing" => ([s_source, blk], [s_destination]),
            "extra" => ([s_source], [s_destination, blk]),
            "twice" => ([s_source], [s_destination, s_destination]),
            "queue twice" => ([s_source], [s_destination with { Queues = s_destination.Queues.Add(s_destination.Queues[1]) }]),
            "foreign queue" => ([s_source], [s_destination with { Queues = s_destination.Queues.Add(blk.Queues[0]) }]),
            "no path" => ([s_source], [s_destination, s_destination with { DevicePath = "" }]),
            "unread" => ([s_source], null),
            "unread queue" => ([s_source], [s_destination.WithQueue(3, q => q with { NotObservable = true })]),
            "provisional" => ([s_source], [s_destination.WithQueue(3, q => q with { Kind = ObservationKind.Provisional })]),
            _ => (new[] { s_source }, new[] { s_destination with { Queues = s_destination.Queues.Skip(1).ToEquatableList() } }),
        };

        ParityGateResult result = ParityGate.Judge(source, destination);

        Assert.False(result.IsOpen);
        Assert.Contains(result.Reasons, r => r.Contains(reason, StringComparison.Ordinal));
        Assert.StartsWith("closed: ", result.Summary, StringComparison.Ordinal);
        Assert.Superset(source.SelectMany(d => d.Queues).Select(q => q.Id).ToHashSet(), result.Judgements.Select(j => j.Id).ToHashSet());
    }

    [Fact]
    public void Judge_NullsEverywhere_ClosesAndDoesNotThrow()
    {
        DeviceObservation hollow = new() { DevicePath = Rings.Net0, DeviceName = null!, GuestFeatures = null!, HostFeatures = null!, Queues = null! };

        Assert.False(ParityGate.Judge(null, null).IsOpen);
        Assert.False(ParityGate.Judge([null!], [s_destination]).IsOpen);
        Assert.False(ParityGate.Judge([s_source], [hollow]).IsOpen);
        Assert.False(ParityGate.Judge([s_source], [s_destination with { Queues = s_destination.Queues.Add(null!) }]).IsOpen);
        Assert.False(ParityGate.Judge([s_source], [s_destination.WithQueue(0, q => q with { Id = default })]).IsOpen);
        Assert.False(ParityGate.Judge([s_source], [s_destination.WithQueue(0, q => q with { Layout = (RingLayout)9, DeviceName = null! })]).IsOpen);
    }

    [Fact]
    public void Judge_DevicesInOtherOrder_AreMatchedByPath()
    {
        DeviceObservation disk = Rings.Device(RingSide.Source, "/machine/peripheral/disk0/virtio-backend", 3);

        Assert.True(ParityGate.Judge([s_source, disk], [disk with { Started = false }, s_destination]).IsOpen);
    }

    /// <summary>Change one field that matters of one queue of one side, to any other value: the gate closes.</summary>
    [Fact]
    public void Judge_AnySingleChange_Closes() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 6], Gen.UShort, Gen.Bool).Sample((queue, field, value, onSource) =>
        {
            DeviceObservation original = onSource ? s_source : s_destination;
            DeviceObservation changed = original.WithQueue(queue, q => field switch
            {
                0 => q with { LastAvailIdx = value },
                1 => q with { UsedIdx = value },
                2 => q with { DescAddress = value },
                3 => q with { AvailAddress = value },
                4 => q with { UsedAddress = value },
                5 => q with { Size = new RingSize(value % 1025) },
                _ => q with { LastAvailIdx = null },
            });
            ParityGateResult result = onSource ? ParityGate.Judge([changed], [s_destination]) : ParityGate.Judge([s_source], [changed]);
            return result.IsOpen == (changed == original);
        });
}
