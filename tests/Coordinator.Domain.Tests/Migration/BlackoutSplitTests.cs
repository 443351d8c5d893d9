using Coordinator.Domain.Migration;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

public sealed class BlackoutSplitTests
{
    private const long T = 1_700_000_000_000_000;

    private static readonly SourceMoments s_source = new(Stop: T, ContinueSent: T + 100, QemuDowntimeMs: 12);
    private static readonly DestinationMoments s_destination = new(
        StreamReceived: T + 5_000, Loaded: T + 7_000, ReleasedReceived: T + 7_500, GateJudged: T + 8_200, RunDurable: T + 8_900, Resume: T + 9_100);

    private static readonly Rehearsal s_sameClock = new(400, 200, ClockOffsetMicros: 0, ClockUncertaintyMicros: 200);

    [Fact]
    public void AllMomentsKnown_PartsAreTheDistancesBetweenThem()
    {
        Blackout blackout = Split(s_source, s_destination, s_sameClock);

        Assert.Equal(new Blackout(9_100, 100, 4_900, 2_000, 500, 700, 700, 200, 200) { QemuDowntimeMs = 12 }, blackout);
    }

    [Fact]
    public void QemuCannotTellLoad_StreamHoldsBoth()
    {
        Blackout blackout = Split(s_source, s_destination with { StreamReceived = null }, s_sameClock);

        Assert.Null(blackout.LoadMicros);
        Assert.Equal(6_900, blackout.StreamMicros);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_600_000_000)]
    [InlineData(-3_600_000_000)]
    public void OffsetBetweenTheClocks_IsTakenOut(long offset)
    {
        // The destination's clock is ahead by the offset.
        DestinationMoments shifted = new(
            s_destination.StreamReceived + offset,
            s_destination.Loaded + offset,
            s_destination.ReleasedReceived + offset,
            s_destination.GateJudged + offset,
            s_destination.RunDurable + offset,
            s_destination.Resume + offset);

        Blackout blackout = Split(s_source, shifted, s_sameClock with { ClockOffsetMicros = offset });

        Assert.Equal(Split(s_source, s_destination, s_sameClock), blackout);
    }

    [Fact]
    public void Uncertainty_IsTheRehearsals() =>
        Assert.Equal(1_234, Split(s_source, s_destination, s_sameClock with { ClockUncertaintyMicros = 1_234 }).UncertaintyMicros);

    [Fact]
    public void OffsetWrongWithinItsUncertainty_GivesNoNegativePart()
    {
        // 8 ms too much: the destination seems to have loaded before the source continued.
        Blackout blackout = Split(s_source, s_destination, s_sameClock with { ClockOffsetMicros = 8_000 });

        Assert.Equal(0, blackout.StreamMicros);
        Assert.Equal(1_100, blackout.TotalMicros);
        Assert.All(Parts(blackout), part => Assert.InRange(part, 0, blackout.TotalMicros));
    }

    [Fact]
    public void ReleasedBeforeLoadedWasSeen_TakesNoTime() =>
        Assert.Equal(0, Split(s_source, s_destination with { ReleasedReceived = T + 6_000 }, s_sameClock).ReleaseMicros);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void StopOrResumeMissing_IsNoBlackout(bool stopMissing) =>
        Assert.Null(stopMissing
            ? BlackoutSplit.Of(s_source with { Stop = null }, s_destination, s_sameClock)
            : BlackoutSplit.Of(s_source, s_destination with { Resume = null }, s_sameClock));

    [Fact]
    public void Parts_AlwaysAddUpToTheTotal()
    {
        long?[] values = [null, T - 500, T, T + 100, T + 4_000, T + 20_000];
        foreach (long? continued in values)
        {
            foreach (long? received in values)
            {
                foreach (long? loaded in values)
                {
                    foreach (long? judged in values)
                    {
                        Blackout blackout = Split(
                            s_source with { ContinueSent = continued },
                            s_destination with { StreamReceived = received, Loaded = loaded, GateJudged = judged },
                            s_sameClock with { ClockOffsetMicros = 37 });

                        Assert.Equal(blackout.TotalMicros, Parts(blackout).Sum());
                    }
                }
            }
        }
    }

    private static Blackout Split(SourceMoments source, DestinationMoments destination, Rehearsal clock) =>
        BlackoutSplit.Of(source, destination, clock) ?? throw new InvalidOperationException("no blackout");

    private static long[] Parts(Blackout b) => [b.StopMicros, b.StreamMicros, b.LoadMicros ?? 0, b.ReleaseMicros, b.GateMicros, b.GrantMicros, b.ResumeMicros];
}
