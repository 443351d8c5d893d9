using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>What a person may say in a doubt, and for whose end the doubt waits.</summary>
public sealed class DoubtChoicesTests
{
    private static readonly ReleaseRecord s_record = new(Attempt, Store, "word");

    private static VmEntity OnlyLoaded => ProvenOff(InDoubt(), SourceHost).With(Destination(DestinationStage.Loaded));

    [Fact]
    public void Record_IsTakenOnlyOfThisAttemptToThisStore()
    {
        Assert.Null(WhyNotRelease(OnlyLoaded, s_record));
        Assert.Contains("the record is of attempt 2", WhyNotRelease(OnlyLoaded, s_record with { Attempt = new AttemptNo(2) }), StringComparison.Ordinal);
        Assert.Contains("the record is of attempt 1 to store", WhyNotRelease(OnlyLoaded, s_record with { DestinationStore = new StoreInstanceId(Guid.NewGuid()) }), StringComparison.Ordinal);
        Assert.Contains("record of the attempt is missing", WhyNotRelease(OnlyLoaded, record: null), StringComparison.Ordinal);
    }

    /// <summary>The source's agent is there again and holds no such record: the one that was brought is not from here.</summary>
    [Fact]
    public void Record_IsRefusedWhenItsAgentHasReportedThatItHasNone()
    {
        HostReport gone = Source(SourceStage.Gone);
        HostReport completed = gone with { Source = gone.Source with { Completed = Attempt } };
        HostReport later = gone with { Source = gone.Source with { Attempt = new AttemptNo(2) } };

        Assert.Contains("holds no record of a completed attempt 1", WhyNotRelease(OnlyLoaded.With(gone), s_record), StringComparison.Ordinal);
        Assert.Null(WhyNotRelease(OnlyLoaded.With(completed), s_record));
        Assert.DoesNotContain("holds no record", WhyNotRelease(OnlyLoaded.With(later), s_record) ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void SideThatIsOff_AndSideThatIsSilent_AreToldApart()
    {
        Assert.Equal("host-a has not answered since this coordinator took over", WhyNot(InDoubt(), DoubtChoice.KeepSource));
        Assert.Equal("host-a is off, and the copy there with it", WhyNot(ProvenOff(InDoubt(), SourceHost), DoubtChoice.KeepSource));
        Assert.Equal("host-b has not answered since this coordinator took over", WhyNot(InDoubt(), DoubtChoice.RunDestination));
        Assert.Equal("host-b is off, and the copy there with it", WhyNot(ProvenOff(InDoubt(), DestinationHost), DoubtChoice.RunDestination));
    }

    /// <summary>The source stands still, and nobody knows whether the destination runs: with its host off, the source may be kept.</summary>
    [Fact]
    public void Doubt_WaitsForTheHostWhoseEndOpensAChoice()
    {
        VmEntity entity = InDoubt().With(Source(SourceStage.HandedOver));

        Assert.True(WaitsFor(entity, DestinationHost));
        Assert.False(WaitsFor(entity, new HostName("host-c")));
        Assert.False(WaitsFor(ProvenOff(entity, DestinationHost), DestinationHost));
    }

    /// <summary>The end of a host that holds the last copy opens nothing but the choice to give the guest up.</summary>
    [Fact]
    public void Doubt_WaitsForNobodyWhenItsEndOpensNothing()
    {
        VmEntity loaded = OnlyLoaded;

        Assert.Null(WhyNot(loaded, DoubtChoice.Lost));
        Assert.Null(WhyNot(loaded, DoubtChoice.RunDestination));
        Assert.False(WaitsFor(Iterating().With(Source(SourceStage.HandedOver)), DestinationHost));
    }

    [Fact]
    public void Doubt_WaitsForTheHostWhoseEndIsTheResult() => Assert.True(WaitsFor(InDoubt().With(Destination(DestinationStage.Refused)), SourceHost));

    private static bool WaitsFor(VmEntity entity, HostName host) => DoubtChoices.WaitsFor(entity, entity.State.Migration!, host);

    private static string? WhyNot(VmEntity entity, DoubtChoice choice) => DoubtChoices.WhyNot(entity, entity.State.Migration!, choice);

    private static string? WhyNotRelease(VmEntity entity, ReleaseRecord? record) =>
        DoubtChoices.WhyNot(entity, entity.State.Migration!, new DoubtResolution(DoubtChoice.ReleaseFromRecord, Ann, [], record));
}
