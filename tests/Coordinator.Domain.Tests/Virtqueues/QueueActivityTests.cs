using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class QueueActivityTests
{
    private const int Rx0 = 0;
    private const int Tx0 = 1;
    private const int Ctrl = 4;

    [Fact]
    public void Judge_NoReadings_IsUnobserved()
    {
        VirtqueueId id = new(Rings.Net0, 0);

        Assert.IsType<QueueActivity.Unobserved>(ActivityRule.Judge(id, null, null, wasBusyOnSource: true));
        Assert.IsType<QueueActivity.Unobserved>(ActivityRule.Judge(id, Rings.Split(RingSide.Destination), null, wasBusyOnSource: true));
    }

    [Fact]
    public void Judge_OnlyReturned_IsProgress() =>
        Assert.Equal(
            new QueueActivity.Progressed(new VirtqueueId(Rings.Net0, Tx0), new RingStep(0, 2, 65536)),
            Judge(Loaded(Tx0, 10, used: 8), Running(Tx0, 10, used: 10)));

    [Fact]
    public void Judge_AcrossTheWrap_IsProgress() =>
        Assert.Equal(
            new QueueActivity.Progressed(new VirtqueueId(Rings.Net0, Tx0), new RingStep(123, 123, 65536)),
            Judge(Loaded(Tx0, 65472), Running(Tx0, 59)));

    [Fact]
    public void Judge_ControlQueueThatStandsStill_IsExplained() =>
        Assert.Contains("control queue", Assert.IsType<QueueActivity.Idle>(Judge(Loaded(Ctrl, 10), Running(Ctrl, 10), busy: true)).Explanation, StringComparison.Ordinal);

    [Fact]
    public void Judge_NothingOffered_IsExplained() =>
        Assert.Contains(
            "offered nothing",
            Assert.IsType<QueueActivity.Idle>(Judge(Loaded(Tx0, 10, shadow: 10), Running(Tx0, 10, shadow: 10), busy: true)).Explanation,
            StringComparison.Ordinal);

    [Fact]
    public void Judge_TransmitOfferedAndNotTaken_IsStalled() =>
        Assert.Contains(
            "net0 tx0: the guest has offered 6 entries",
            Assert.IsType<QueueActivity.Stalled>(Judge(Loaded(Tx0, 10, shadow: 16), Running(Tx0, 10, shadow: 16))).Reason,
            StringComparison.Ordinal);

    [Fact]
    public void Judge_ReceiveThatStandsStill_IsStalledOnlyWhenItWasBusyOnTheSource()
    {
        Assert.IsType<QueueActivity.Idle>(Judge(Loaded(Rx0, 10, shadow: 266), Running(Rx0, 10, shadow: 266), busy: false));
        Assert.IsType<QueueActivity.Stalled>(Judge(Loaded(Rx0, 10, shadow: 266), Running(Rx0, 10, shadow: 266), busy: true));
    }

    [Fact]
    public void Judge_NotSetUpOrSetUpAnew_IsExplained()
    {
        VirtqueueObservation loaded = Loaded(Rx0, 10);

        Assert.IsType<QueueActivity.Idle>(Judge(Rings.NotSetUp(RingSide.Destination), Rings.NotSetUp(RingSide.Destination, kind: ObservationKind.Provisional)));
        Assert.Contains(
            "set its ring up anew",
            Assert.IsType<QueueActivity.Idle>(Judge(loaded, Running(Rx0, 2) with { DescAddress = 0x1000 }, busy: true)).Explanation,
            StringComparison.Ordinal);
        Assert.Contains(
            "set its ring up anew",
            Assert.IsType<QueueActivity.Idle>(ActivityRule.Judge(loaded.Id, loaded, Running(Rx0, 2), wasBusyOnSource: true, wasReset: true)).Explanation,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_MissingIndex_IsUnobserved() =>
        Assert.IsType<QueueActivity.Unobserved>(Judge(Loaded(Rx0, 10), Running(Rx0, 10) with { LastAvailIdx = null }));

    [Fact]
    public void Judge_EntriesHandedBackAtTheResume_AreNoProgressOf65535()
    {
        VirtqueueObservation loaded = Loaded(Tx0, 10, used: 9) with { DeviceName = "virtio-balloon" };

        QueueActivity activity = Judge(loaded, Running(Tx0, 9, used: 9) with { DeviceName = "virtio-balloon" });

        Assert.Contains("handed 1 entries in flight back", Assert.IsType<QueueActivity.Idle>(activity).Explanation, StringComparison.Ordinal);
        Assert.IsType<QueueActivity.Progressed>(Judge(Loaded(Tx0, 10, used: 7), Running(Tx0, 9, used: 8)));
    }

    [Theory]
    [InlineData(null, 200, 4)]
    [InlineData(true, 400, 204)]
    public void Judge_Packed_IsMeasuredModuloWhatIsShown(bool? wrap, int modulus, int taken)
    {
        bool? flipped = wrap is { } lap ? !lap : null;
        VirtqueueObservation loaded = Rings.Packed(RingSide.Destination, 3, 3, wrap, wrap, size: 200);
        VirtqueueObservation latest = Rings.Packed(RingSide.Destination, 7, 7, flipped, flipped, size: 200, kind: ObservationKind.Provisional);

        Assert.Equal(new QueueActivity.Progressed(loaded.Id, new RingStep(taken, taken, modulus)), Judge(loaded, latest));
    }

    [Fact]
    public void Judge_PackedThatStandsStill_DependsOnTheSource()
    {
        VirtqueueObservation loaded = Rings.Packed(RingSide.Destination, 3, 3);
        VirtqueueObservation latest = Rings.Packed(RingSide.Destination, 3, 3, kind: ObservationKind.Provisional);

        Assert.IsType<QueueActivity.Idle>(Judge(loaded, latest, busy: false));
        Assert.IsType<QueueActivity.Stalled>(Judge(loaded, latest, busy: true));
    }

    [Fact]
    public void Between_PositionOutsideThePackedRing_HasNoMeasure() =>
        Assert.Null(RingStep.Between(Rings.Packed(RingSide.Source, 3, 3, size: 8), Rings.Packed(RingSide.Source, 8, 3, size: 8)));

    private static QueueActivity Judge(VirtqueueObservation loaded, VirtqueueObservation latest, bool busy = false) =>
        ActivityRule.Judge(loaded.Id, loaded, latest, busy);

    private static VirtqueueObservation Loaded(int queue, int lastAvail, int? used = null, int? shadow = null) =>
        Rings.Split(RingSide.Destination, queue, lastAvail, used ?? lastAvail, shadow ?? lastAvail);

    private static VirtqueueObservation Running(int queue, int lastAvail, int? used = null, int? shadow = null) =>
        Loaded(queue, lastAvail, used, shadow) with { Kind = ObservationKind.Provisional };
}
