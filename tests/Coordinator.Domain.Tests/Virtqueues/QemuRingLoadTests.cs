using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

/// <summary>Reported and measured cases, in QEMU's own words.</summary>
public sealed class QemuRingLoadTests
{
    private const ulong Desc = 43278336;

    [Theory]
    [InlineData(0x100, 0x0000, 0x000c, 0x0000, 0xfff4, "VQ 0 size 0x100 Guest index 0x0 inconsistent with Host index 0xc: delta 0xfff4")]
    [InlineData(0x80, 0x012c, 0x0134, 0x012c, 0xfff8, "VQ 0 size 0x80 Guest index 0x12c inconsistent with Host index 0x134: delta 0xfff8")]
    [InlineData(0x100, 0x03b5, 0x03c1, 0x02b6, 0xfff4, "VQ 0 size 0x100 Guest index 0x3b5 inconsistent with Host index 0x3c1: delta 0xfff4")]
    [InlineData(0x100, 0x03b5, 0x02b4, 0x02b6, 0x0101, "VQ 0 size 0x100 Guest index 0x3b5 inconsistent with Host index 0x2b4: delta 0x101")]
    [InlineData(0x100, 0x0101, 0x0000, 0x0000, 0x0101, "VQ 0 size 0x100 Guest index 0x101 inconsistent with Host index 0x0: delta 0x101")]
    public void Predict_DeltaBeyondTheRing_MarksTheDeviceBroken(int size, int avail, int lastAvail, int used, int delta, string message) =>
        Assert.Equal(new RingLoadOutcome.Broken(message, (ushort)delta), Predict(size, avail, lastAvail, used));

    [Theory]
    [InlineData(0x100, 0x03b5, 0x02b6, 0x02b6, 0x00)] // as the source left it
    [InlineData(0x100, 0x03b5, 0x02b9, 0x02b6, 0x03)] // three buffers lost for good, and QEMU says nothing
    [InlineData(0x100, 0x0010, 0xfff0, 0xfff0, 0x00)] // across the wrap
    [InlineData(0x100, 0x0100, 0x0000, 0x0000, 0x00)] // exactly a full ring
    [InlineData(0x100, 0x0010, 0x0008, 0xff08, 0x100)] // all in flight, across the wrap
    public void Predict_WithinTheWindow_IsAccepted(int size, int avail, int lastAvail, int used, int inuse) =>
        Assert.Equal(new RingLoadOutcome.Ok((ushort)inuse), Predict(size, avail, lastAvail, used));

    [Fact]
    public void Predict_MoreInFlightThanEntries_LoadFails() =>
        Assert.Equal(new RingLoadOutcome.LoadFails("VQ 0 size 0x100 < last_avail_idx 0x2b5 - used_idx 0x2b6"), Predict(0x100, 0x03b5, 0x02b5, 0x02b6));

    [Fact]
    public void Predict_BothRulesBroken_DeltaIsCheckedFirst() =>
        Assert.IsType<RingLoadOutcome.Broken>(Predict(0x100, 0x0000, 0x0500, 0x0600));

    [Theory]
    [InlineData(0x0000)]
    [InlineData(0x03b5)]
    [InlineData(0xffff)]
    public void Predict_NoDescriptorTable_FailsUnlessTheIndexIsZero(int avail)
    {
        Assert.Equal(
            new RingLoadOutcome.LoadFails("VQ 4 address 0x0 inconsistent with Host index 0xc"),
            QemuRingLoad.Predict(4, new RingSize(0x100), descAddress: 0, (ushort)avail, 0xc, used: 0));
        Assert.Equal(new RingLoadOutcome.Ok(0), QemuRingLoad.Predict(4, new RingSize(0x100), descAddress: 0, (ushort)avail, 0, used: 0));
    }

    [Fact]
    public void PredictQueueCount_Beyond1024_LoadFails()
    {
        Assert.Equal(new RingLoadOutcome.Ok(0), QemuRingLoad.PredictQueueCount(1024));
        Assert.Equal(new RingLoadOutcome.LoadFails("Invalid number of virtqueues: 0x401"), QemuRingLoad.PredictQueueCount(1025));
    }

    /// <summary>The injections measured on 7.2.22 and 10.0.2: last_avail_idx patched in the stream; source last_avail 694, avail 949, used 694.</summary>
    [Theory]
    [InlineData(694, typeof(RingLoadOutcome.Ok), ParityOutcome.Equal)]
    [InlineData(949 + 12, typeof(RingLoadOutcome.Broken), ParityOutcome.Mismatch)]
    [InlineData(949 - 257, typeof(RingLoadOutcome.Broken), ParityOutcome.Mismatch)]
    [InlineData(694 - 1, typeof(RingLoadOutcome.LoadFails), ParityOutcome.Mismatch)]
    [InlineData(694 + 3, typeof(RingLoadOutcome.Ok), ParityOutcome.Mismatch)]
    public void Injection_IntoTheStream_IsCaughtByTheComparisonWhateverQemuSays(int lastAvail, Type qemu, ParityOutcome ours)
    {
        VirtqueueObservation source = Rings.Split(RingSide.Source, lastAvail: 694, used: 694, shadow: 949);

        Assert.IsType(qemu, Predict(0x100, 949, lastAvail, 694));
        VirtqueueJudgement judgement = RingComparison.Compare(source, Rings.Loaded(source, (ushort)lastAvail, guestAvail: 949, guestUsed: 694));
        Assert.Equal(ours, judgement.Outcome);
        if (ours == ParityOutcome.Mismatch)
        {
            Assert.Equal((ushort)(lastAvail - 694), judgement.Delta);
            Assert.Contains($"delta 0x{(ushort)(lastAvail - 694):x}", judgement.Reason, StringComparison.Ordinal);
        }
    }

    private static RingLoadOutcome Predict(int size, int avail, int lastAvail, int used) =>
        QemuRingLoad.Predict(0, new RingSize(size), Desc, (ushort)avail, (ushort)lastAvail, (ushort)used);
}
