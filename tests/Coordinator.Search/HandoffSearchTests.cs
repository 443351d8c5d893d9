using Coordinator.Domain.QemuModel;
using Xunit.Abstractions;

namespace Coordinator.Search;

/// <summary>Exhaustive searches of the production decision code against the model of QEMU.</summary>
public sealed class HandoffSearchTests(ITestOutputHelper output)
{
    /// <summary>Everything the adversary has, one fault of any kind anywhere: complete.</summary>
    [Fact]
    public void Handoff_AnyOneFault_IsSafeAndEndsWell() => Holds(new SearchOptions { Faults = 1, EagerRecording = true });

    /// <summary>Without a fault every record is a step of its own: nothing depends on a coordinator recording at once what it hears.</summary>
    [Fact]
    public void Handoff_NoFaultEachRecordAStep_IsSafeAndEndsWell() => Holds(new SearchOptions { Faults = 0 });

    /// <summary>A guest that its user paused stays paused, on one side.</summary>
    [Fact]
    public void Handoff_PausedGuestAnyOneFault_IsSafeAndEndsWell() => Holds(new SearchOptions
    {
        Faults = 1,
        EagerRecording = true,
        Guest = GuestBefore.PausedByUser,
        CoordinatorFaults = false,
        DelayedMessages = false,
    });

    /// <summary>A failed attempt is followed by another one.</summary>
    [Fact]
    public void Handoff_TwoAttemptsAnyOneFault_IsSafeAndEndsWell() => Holds(new SearchOptions
    {
        Faults = 1,
        MaxAttempts = 2,
        EagerRecording = true,
        CoordinatorFaults = false,
        DelayedMessages = false,
        StateWipe = false,
    });

    /// <summary>Every pair of faults of agents, hosts, QEMUs, the stream and the register's store; those of coordinators are in the one-fault search and in <c>make search</c>.</summary>
    [Fact]
    public void Handoff_AnyPairOfFaultsBelowTheCoordinators_IsSafeAndEndsWell() => Holds(new SearchOptions
    {
        Faults = 2,
        EagerRecording = true,
        Cancel = false,
        CoordinatorFaults = false,
        DelayedMessages = false,
    });

    /// <summary>
    /// A person who says only what is true proves lost hosts off and chooses whatever the evidence allows: no choice ever doubles the guest, and each is carried out or answered
    /// "no longer possible".
    /// </summary>
    [Fact]
    public void Doubt_ResolvedByAPersonAfterAnyPairOfFaults_IsSafeAndEndsWell() => Holds(new SearchOptions
    {
        Faults = 2,
        EagerRecording = true,
        Person = true,
        Cancel = false,
        CoordinatorFaults = false,
        DelayedMessages = false,
        StateWipe = false,
    });

    /// <summary>The same with overlapping coordinators, lost state and a late word of any of them.</summary>
    [Fact]
    public void Doubt_ResolvedByAPersonWithAnyOneFault_IsSafeAndEndsWell() => Holds(new SearchOptions
    {
        Faults = 1,
        EagerRecording = true,
        Person = true,
        Cancel = false,
    });

    private void Holds(SearchOptions options)
    {
        SearchResult result = Explorer.Run(new ProtocolRules(), options);
        output.WriteLine(result.ToString());
        Assert.Null(result.Violation);
        Assert.True(result.Complete, result.ToString());
    }
}
