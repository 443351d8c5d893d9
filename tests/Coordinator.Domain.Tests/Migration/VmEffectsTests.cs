using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>What is outstanding, and who is asked.</summary>
public sealed class VmEffectsTests
{
    [Fact]
    public void WaitingForItsTurn_HasADeadlineOfItsOwn_AndOpensNothing()
    {
        VmEntity queued = Requested(new MigrationPolicy { QueueDeadlineMs = 7_777, PrepareDeadlineMs = 1_111 }) with { Queued = "waits for its turn" };
        VmEntity scheduled = VmTransitions.Apply(queued, VmProgress.Next(queued)!);

        Assert.Equal(MigrationPhase.Scheduling, scheduled.State.Migration!.Phase);
        Assert.Null(VmProgress.Next(scheduled));
        Assert.Equal(7_777, VmEffects.Of(scheduled).OfType<VmEffect.ArmDeadline>().Single().DurationMs);
        VmEntity turn = scheduled with { Queued = null };
        Assert.Equal(1_111, VmEffects.Of(turn).OfType<VmEffect.ArmDeadline>().Single().DurationMs);
        Assert.IsType<VmEvent.AttemptOpened>(VmProgress.Next(turn));
    }

    [Fact]
    public void WaitingForItsTurn_OutlivesAClaim()
    {
        VmEntity queued = Requested() with { Queued = "waits for its turn" };

        Assert.Equal("waits for its turn", VmTransitions.Apply(queued, new VmEvent.IncarnationStarted(new IncarnationId(Guid.NewGuid()), queued.State.Epoch.Next)).Queued);
    }

    [Fact]
    public void WaitingForItsTurn_IsCancelledBeforeAnythingWasStarted()
    {
        VmEntity queued = Apply(Requested(), new VmEvent.CancelRequested(new RequestId("back"))) with { Queued = "waits for its turn" };

        Assert.Equal(MigrationPhase.Cancelled, Assert.IsType<VmEvent.MigrationEnded>(VmProgress.Next(queued)).Phase);
    }

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
