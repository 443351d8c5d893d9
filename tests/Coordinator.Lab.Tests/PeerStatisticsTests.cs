using Coordinator.LabPeer;

namespace Coordinator.Lab.Tests;

public sealed class PeerStatisticsTests
{
    const long MsInNs = 1_000_000;

    [Fact]
    public void Datagram_Written_ReadsBack()
    {
        var bytes = new byte[64];
        var datagram = new Datagram(DatagramKind.Peer, 3, ulong.MaxValue - 1, 0xdeadbeef, 42);
        datagram.Write(bytes);

        Assert.True(Datagram.TryRead(bytes, out var read));
        Assert.Equal(datagram, read);
        Assert.False(Datagram.TryRead(bytes.AsSpan(0, Datagram.HeadBytes - 1), out _));
        bytes[0] ^= 1;
        Assert.False(Datagram.TryRead(bytes, out _));
    }

    [Fact]
    public void Arrivals_WithoutFault_AreAllReceived()
    {
        var report = Arrivals((5, 0), (6, 10), (7, 30));

        Assert.Equal((3, 0, 0, 0, 1), (report.Received, report.Missing, report.Repeated, report.Late, report.Boots));
        Assert.Equal((5UL, 7UL, 20 * MsInNs), (report.FirstSequence, report.LastSequence, report.LargestGapNs));
    }

    [Fact]
    public void Arrivals_NumbersSkipped_AreLostBetweenTheNeighbours()
    {
        var report = Arrivals((1, 0), (2, 1), (6, 80));

        Assert.Equal(3, report.Missing);
        Assert.Equal(new LossSpan(1 * MsInNs, 80 * MsInNs, 3, 3), Assert.Single(report.Losses));
        Assert.Equal(new SilenceSpan(1 * MsInNs, 80 * MsInNs, 2, 6), Assert.Single(report.Gaps));
    }

    [Fact]
    public void Arrivals_LateOneFillsItsPlace_RestStaysLost()
    {
        var report = Arrivals((1, 0), (5, 1), (3, 2));

        Assert.Equal((3, 2, 1, 0), (report.Received, report.Missing, report.Late, report.Repeated));
        Assert.Equal([2UL, 4UL], report.Losses.Select(loss => loss.FirstSequence));
    }

    [Fact]
    public void Arrivals_FirstOneOvertook_TheOthersAreLateAndNotRepeated()
    {
        var report = Arrivals((6, 0), (1, 1), (2, 2), (4, 3), (3, 4), (2, 5));

        Assert.Equal((5, 1, 1, 4), (report.Received, report.Missing, report.Repeated, report.Late));
        Assert.Equal((1ul, 6ul), (report.FirstSequence, report.LastSequence));
    }

    [Fact]
    public void Arrivals_SameNumberTwice_IsRepeated() => Assert.Equal((2, 1, 0), Count(Arrivals((1, 0), (2, 1), (2, 2))));

    [Fact]
    public void Arrivals_LateOneTwice_IsRepeatedOnce() => Assert.Equal((3, 1, 1), Count(Arrivals((1, 0), (3, 1), (2, 2), (2, 3))));

    [Fact]
    public void Arrivals_OtherBoot_StartAnew()
    {
        var record = new ArrivalRecord(0, 50 * MsInNs);
        record.Observe(new(DatagramKind.Guest, 0, 900, 1, 0), 0);
        record.Observe(new(DatagramKind.Guest, 0, 1, 2, 0), MsInNs);

        Assert.Equal((2, 0, 2), (record.Report().Received, record.Report().Missing, record.Report().Boots));
    }

    [Fact]
    public void RoundTrips_NotBackInTime_AreLostAndYoungOnesOutstanding()
    {
        var record = new RoundTripRecord(0);
        foreach (var atMs in new[] { 0, 10, 20, 5_000 })
            record.Sent(atMs * MsInNs);
        record.Returned(1, 4 * MsInNs);

        var report = record.Report(5_100 * MsInNs);

        Assert.Equal((4, 1, 2, 1), (report.Sent, report.Returned, report.Lost, report.Outstanding));
        Assert.Equal(new LossSpan(10 * MsInNs, 20 * MsInNs, 2, 2), Assert.Single(report.Losses));
        Assert.Equal(4 * MsInNs, report.SlowestNs);
    }

    [Fact]
    public void RoundTrips_EchoTwiceOrOfANumberNeverSent_IsRepeatedOrIgnored()
    {
        var record = new RoundTripRecord(0);
        record.Sent(0);
        record.Returned(1, 1);
        record.Returned(1, 2);
        record.Returned(2, 3);
        record.Returned(0, 3);

        Assert.Equal((1, 1), (record.Report(10).Returned, record.Report(10).Repeated));
    }

    [Fact]
    public void RoundTrips_BeyondTheWindow_AreSettled()
    {
        var record = new RoundTripRecord(0);
        for (var number = 1UL; number <= RoundTripRecord.Window + 100; number++)
        {
            record.Sent(0);
            if (number != 50)
                record.Returned(number, 1);
        }

        var report = record.Report(1);

        Assert.Equal((RoundTripRecord.Window + 99, 1, 0), (report.Returned, report.Lost, report.Outstanding));
        Assert.Equal(50UL, Assert.Single(report.Losses).FirstSequence);
    }

    static (long Received, long Repeated, long Late) Count(ArrivalReport report) => (report.Received, report.Repeated, report.Late);

    static ArrivalReport Arrivals(params (ulong Sequence, long AtMs)[] arrivals)
    {
        var record = new ArrivalRecord(0, 50 * MsInNs);
        foreach (var (sequence, atMs) in arrivals)
            record.Observe(new(DatagramKind.Guest, 0, sequence, 1, 0), atMs * MsInNs);
        return record.Report();
    }
}
