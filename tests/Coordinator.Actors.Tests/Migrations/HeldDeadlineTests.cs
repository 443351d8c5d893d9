using Akka.TestKit;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>A held migration's deadline; time passes only when a test says so.</summary>
public sealed class HeldDeadlineTests : MigrationKit
{
    private const int PrepareDeadlineMs = 60_000;

    public HeldDeadlineTests()
        : base(virtualTime: true)
    {
    }

    [Fact]
    public async Task MigrationBeforeItsAuthorisation_WaitsAndIsNotLate()
    {
        await Waiting();
        Hold(true);
        Assert.Equal("PreparingDestination", (await Migration()).Phase);
        World.Lost.Clear();
        await Passing(() => Task.FromResult(EventNames.Contains("RehearsalCompleted")), "the rehearsal goes on");

        // A life that begins while held waits as well.
        Region.Tell(new FakeRegion.KillEntity(), Akka.Actor.ActorRefs.NoSender);
        await Eventually(() => Task.FromResult(EventNames.Count(e => e == "IncarnationStarted") == 2), "another life");
        await Migration();
        Pass(TimeSpan.FromMilliseconds(10 * PrepareDeadlineMs));

        Api.Migration held = await Migration();
        Assert.Equal("PreparingDestination", held.Phase);
        Assert.StartsWith("waits: all migrations are held by ann", held.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("SwitchoverAuthorized", EventNames);

        Hold(false);
        await Passing(async () => (await Migration()).Terminal, "the migration ends");
        Assert.Equal("Verified", (await Migration()).Verdict);
        await AssertSound();
    }

    [Fact]
    public async Task DeadlineOfOneThatIsNotHeld_Passes()
    {
        await Waiting();

        Pass(TimeSpan.FromMilliseconds(PrepareDeadlineMs + 1));

        await Eventually(() => Task.FromResult(EventNames.Contains("PhaseTimedOut")), "the deadline has passed");
    }

    /// <summary>Prepared, and the rehearsal does not come about.</summary>
    private async Task Waiting()
    {
        await StartVm();
        World.Lost.Add(AgentProtocol.Step.CommandOneofCase.Rehearse);
        await Migrate(policy: Policy with { PrepareDeadlineMs = PrepareDeadlineMs });
        await Eventually(() => Task.FromResult(EventNames.Contains("DestinationPrepared")), "the destination is prepared");
        await Migration();
    }

    private void Pass(TimeSpan time) => ((TestScheduler)Sys.Scheduler).Advance(time);

    private Task Passing(Func<Task<bool>> condition, string what) => Eventually(
        () =>
        {
            Pass(TimeSpan.FromMilliseconds(250));
            return condition();
        },
        what);
}
