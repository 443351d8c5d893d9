using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>What is outstanding, and who is asked.</summary>
public sealed class VmEffectsTests
{
    [Fact]
    public void EveryEffect_IsForItsHostOrStaysInThisNode()
    {
        Dictionary<VmEffect, HostName?> all = new()
        {
            [new VmEffect.Fence(SourceHost)] = SourceHost,
            [new VmEffect.LaunchVm(SourceHost, Launch, "name: vm")] = SourceHost,
            [new VmEffect.EndVm(SourceHost, Launch)] = SourceHost,
            [new VmEffect.PrepareDestination(DestinationHost, Attempt, Incoming)] = DestinationHost,
            [new VmEffect.Rehearse(SourceHost, DestinationHost, Attempt)] = SourceHost,
            [new VmEffect.StartAttempt(SourceHost, Attempt, Store)] = SourceHost,
            [new VmEffect.CancelAttempt(SourceHost, Attempt)] = SourceHost,
            [new VmEffect.CleanUpDestination(DestinationHost, Attempt)] = DestinationHost,
            [new VmEffect.AbandonDestination(DestinationHost, Attempt)] = DestinationHost,
            [new VmEffect.EndSource(SourceHost, Attempt, Launch)] = SourceHost,
            [new VmEffect.KeepSourceByWord(SourceHost, Attempt, Launch)] = SourceHost,
            [new VmEffect.GiveUpSource(SourceHost, Attempt, Launch)] = SourceHost,
            [new VmEffect.RunDestinationByWord(DestinationHost, Attempt, Incoming)] = DestinationHost,
            [new VmEffect.CarryRelease(DestinationHost, new ReleaseRecord(Attempt, Store, "word"))] = DestinationHost,
            [new VmEffect.EndOverruled(SourceHost, Attempt, Launch)] = SourceHost,
            [new VmEffect.JudgeQueues(Attempt)] = null,
            [new VmEffect.ArmDeadline(MigrationPhase.Iterating, Attempt, TimedOut: false, 1)] = null,
            [new VmEffect.RaiseAlert(Attempt)] = null,
        };

        Assert.Equal(typeof(VmEffect).GetNestedTypes().ToHashSet(), all.Keys.Select(effect => effect.GetType()).ToHashSet());
        foreach ((VmEffect effect, HostName? host) in all)
        {
            Assert.Equal(host, VmEffects.HostOf(effect));
        }
    }

    [Fact]
    public void Hold_HoldsWhatIsNotAuthorisedAndIsNotTakenBack()
    {
        FleetHold hold = new("ann", "storage", DateTimeOffset.UnixEpoch);

        Assert.False(VmEffects.IsHeld(Requested()));
        Assert.True(VmEffects.IsHeld(Requested() with { Hold = hold }));
        Assert.True(VmEffects.IsHeld(Prepared() with { Hold = hold }));
        Assert.False(VmEffects.IsHeld(Iterating() with { Hold = hold }));
        Assert.False(VmEffects.IsHeld(Apply(Requested(), new VmEvent.CancelRequested(new RequestId("back"))) with { Hold = hold }));
    }
}
