using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class VirtqueueTrackTests
{
    private static readonly VirtqueueTrack s_fresh = VirtqueueTrack.For(new VirtqueueId(Rings.Net0, 0));

    [Fact]
    public void Apply_WholeMigration_EndsEqualAndProgressed()
    {
        VirtqueueTrack track = s_fresh
            .Apply(Sample(RingSide.Source, 65472))
            .Apply(Sample(RingSide.Source, 59))
            .Apply(Rings.Split(RingSide.Source, lastAvail: 2380, used: 2380))
            .Apply(Rings.Split(RingSide.Destination, lastAvail: 2380, used: 2380))
            .Apply(Sample(RingSide.Destination, 3117));

        Assert.Equal(ParityOutcome.Equal, track.Judge().Outcome);
        Assert.Equal(123, track.SourceProgress.TakenAtLeast);
        Assert.Equal(new QueueActivity.Progressed(track.Id, new RingStep(737, 737, 65536)), track.Activity());
        Assert.Equal(1, track.Generation);
    }

    [Fact]
    public void Judge_WithoutBothFinalRecords_IsUnchecked()
    {
        Assert.Equal(ParityOutcome.Unchecked, s_fresh.Judge().Outcome);
        Assert.Contains("no final record of the source", s_fresh.Apply(Rings.Split(RingSide.Destination)).Judge().Reason, StringComparison.Ordinal);
        Assert.Contains("no record of the loaded destination", s_fresh.Apply(Rings.Split(RingSide.Source)).Judge().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_ProvisionalReadingsOnly_AreNeverUsed()
    {
        VirtqueueTrack track = s_fresh.Apply(Sample(RingSide.Source, 210)).Apply(Sample(RingSide.Destination, 210));

        Assert.Null(track.SourceFinal);
        Assert.Null(track.DestinationFirst);
        Assert.Equal(ParityOutcome.Unchecked, track.Judge().Outcome);
    }

    [Fact]
    public void Apply_DestinationBeforeItsLoad_IsNoRecord()
    {
        VirtqueueTrack track = s_fresh.Apply(Rings.NotSetUp(RingSide.Destination, index: 0, ObservationKind.Unloaded));

        Assert.Equal(s_fresh, track);
    }

    [Fact]
    public void Apply_LaterRecords_SourceIsReplacedAndDestinationIsNot()
    {
        VirtqueueTrack track = s_fresh
            .Apply(Rings.Split(RingSide.Source, lastAvail: 209, used: 209))
            .Apply(Rings.Split(RingSide.Source, lastAvail: 210, used: 210))
            .Apply(Rings.Split(RingSide.Destination, lastAvail: 210, used: 210))
            .Apply(Rings.Split(RingSide.Destination, lastAvail: 500, used: 500));

        Assert.Equal((ushort)210, track.SourceFinal?.LastAvailIdx);
        Assert.Equal((ushort)210, track.DestinationFirst?.LastAvailIdx);
        Assert.Equal(ParityOutcome.Equal, track.Judge().Outcome);
    }

    [Fact]
    public void Apply_RepeatedAndLateReadings_DoNotChangeTheJudgement()
    {
        VirtqueueTrack judged = s_fresh.Apply(Sample(RingSide.Source, 100)).Apply(Rings.Split(RingSide.Source)).Apply(Rings.Split(RingSide.Destination));
        VirtqueueTrack again = judged.Apply(Rings.Split(RingSide.Destination)).Apply(Rings.Split(RingSide.Source)).Apply(Sample(RingSide.Source, 150));

        Assert.Equal(judged.Judge(), again.Judge());
    }

    [Fact]
    public void Apply_AnotherQueue_IsRefused() =>
        Assert.Throws<ArgumentException>(() => s_fresh.Apply(Rings.Split(RingSide.Source, index: 1)));

    /// <summary>QEMU accepts system_reset in pre-switchover: the reset state is what travels.</summary>
    [Fact]
    public void Judge_GuestResetAfterTheFinalRecord_IsUnchecked()
    {
        VirtqueueTrack track = s_fresh.Apply(Rings.Split(RingSide.Source)).ApplyReset(RingSide.Source).Apply(Rings.Split(RingSide.Destination));

        Assert.Equal(ParityOutcome.Unchecked, track.Judge().Outcome);
        Assert.Contains("generation 1 and 2", track.Judge().Reason, StringComparison.Ordinal);
        Assert.Equal(ParityOutcome.Equal, track.Apply(Rings.Split(RingSide.Source)).Judge().Outcome);
    }

    [Fact]
    public void Apply_OtherAddresses_StartANewGenerationAndForgetTheProgress()
    {
        VirtqueueTrack busy = s_fresh.Apply(Sample(RingSide.Source, 10)).Apply(Sample(RingSide.Source, 20)).Apply(Sample(RingSide.Source, 30));
        Assert.True(busy.SourceProgress.WasBusy);

        VirtqueueTrack reset = busy.Apply(Sample(RingSide.Source, 5) with { DescAddress = 0x1000 });

        Assert.Equal(2, reset.Generation);
        Assert.Equal(default, reset.SourceProgress);
        Assert.Equal(7, reset.Apply(Sample(RingSide.Source, 12) with { DescAddress = 0x1000 }).SourceProgress.TakenAtLeast);
    }

    [Fact]
    public void ApplyReset_BetweenTwoReadingsAtTheSameAddress_MeasuresNothingAcrossIt()
    {
        VirtqueueTrack source = s_fresh.Apply(Sample(RingSide.Source, 60000)).ApplyReset(RingSide.Source).Apply(Sample(RingSide.Source, 3));
        Assert.Equal(default, source.SourceProgress);
        Assert.Equal(2, source.Generation);

        VirtqueueTrack destination = s_fresh.Apply(Rings.Split(RingSide.Source)).Apply(Rings.Split(RingSide.Destination))
            .ApplyReset(RingSide.Destination).Apply(Sample(RingSide.Destination, 3));
        Assert.Contains("anew", Assert.IsType<QueueActivity.Idle>(destination.Activity()).Explanation, StringComparison.Ordinal);
        Assert.Equal(ParityOutcome.Equal, destination.Judge().Outcome);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 1, false)]
    [InlineData(2, 2, true)]
    [InlineData(3, 2, false)]
    public void WasBusy_NeedsTwoStepsThatAllMoved(int steps, int moved, bool busy) =>
        Assert.Equal(busy, new SourceProgress(TakenAtLeast: 9, steps, moved).WasBusy);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_DriverOkTakenBackOrObserverCountsAReset_StartsANewGeneration(bool driverOk)
    {
        VirtqueueObservation next = driverOk
            ? Sample(RingSide.Source, 20) with { DeviceStarted = false, Generation = 4 }
            : Sample(RingSide.Source, 20) with { Generation = 5 };

        Assert.Equal(2, s_fresh.Apply(Sample(RingSide.Source, 10) with { Generation = 4 }).Apply(next).Generation);
        Assert.Equal(1, s_fresh.Apply(Sample(RingSide.Source, 10) with { Generation = 4 }).Apply(Sample(RingSide.Source, 20) with { Generation = 4 }).Generation);
    }

    /// <summary>The source's agent counts resets, the destination's cannot: their numbers must not make a migration suspect.</summary>
    [Fact]
    public void Judge_ObserversThatCountDifferently_AreComparedByTheTracksOwnCount() =>
        Assert.Equal(
            ParityOutcome.Equal,
            s_fresh.Apply(Rings.Split(RingSide.Source) with { Generation = 4 }).Apply(Rings.Split(RingSide.Destination) with { Generation = 1 }).Judge().Outcome);

    [Fact]
    public void Apply_VhostStartedBetweenTwoReadings_IsNoReset()
    {
        VirtqueueObservation blind = Rings.NotSetUp(RingSide.Source, index: 0, ObservationKind.Provisional) with { NotObservable = true, LastAvailIdx = null, UsedIdx = null };
        VirtqueueTrack track = s_fresh.Apply(blind).Apply(Rings.Split(RingSide.Source)).Apply(Rings.Split(RingSide.Destination)).Apply(blind with { Side = RingSide.Destination });

        Assert.Equal(1, track.Generation);
        Assert.Equal(ParityOutcome.Equal, track.Judge().Outcome);
        Assert.IsType<QueueActivity.Unobserved>(track.Activity());
    }

    [Fact]
    public void StartAttempt_AfterAFailedOne_ForgetsItsRecords()
    {
        VirtqueueTrack track = s_fresh.Apply(Sample(RingSide.Source, 10)).Apply(Rings.Split(RingSide.Source)).Apply(Rings.Split(RingSide.Destination)).StartAttempt();

        Assert.Equal(ParityOutcome.Unchecked, track.Judge().Outcome);
        Assert.Equal(s_fresh.Apply(Sample(RingSide.Source, 10)), track);
    }

    [Fact]
    public void Progress_TwoReadings_AreNeverOrderedByRawValues() =>
        Gen.Select(Gen.UShort, Gen.UShort).Sample((from, steps) =>
        {
            VirtqueueTrack track = s_fresh.Apply(Sample(RingSide.Source, from)).Apply(Sample(RingSide.Source, (ushort)(from + steps)));
            return track.SourceProgress == new SourceProgress(steps, 1, steps == 0 ? 0 : 1);
        });

    /// <summary>Any stream of readings: the judgement depends on the final records alone.</summary>
    [Fact]
    public void Judge_AnyReadingsInBetween_IsThatOfTheFinalRecords() =>
        Gen.Select(Gen.Select(Gen.Bool, Gen.UShort).Array[0, 6], Gen.UShort, Gen.UShort).Sample((readings, sourceUsed, destinationUsed) =>
        {
            VirtqueueObservation source = Rings.Split(RingSide.Source, lastAvail: sourceUsed, used: sourceUsed);
            VirtqueueObservation destination = Rings.Split(RingSide.Destination, lastAvail: destinationUsed, used: destinationUsed);
            VirtqueueTrack track = s_fresh;
            foreach ((bool onSource, ushort at) in readings)
            {
                track = track.Apply(Sample(onSource ? RingSide.Source : RingSide.Destination, at));
            }

            return track.Apply(source).Apply(destination).Judge().Outcome == RingComparison.Compare(source, destination).Outcome;
        });

    private static VirtqueueObservation Sample(RingSide side, int at) =>
        Rings.Split(side, lastAvail: at, used: at, kind: ObservationKind.Provisional);
}
