using Coordinator.Contracts.Api;
using Coordinator.EndToEnd.Streams;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd.Crashes;

/// <summary>
/// SIGKILL of each part in each phase in which a guest has something to lose: the same QEMUs and the same stream go on, and the migration ends as if nothing had been. In none of
/// them may it be rolled back: before <c>migrate-continue</c> the stream is adopted, and after it the two QEMUs and the destination's register need nobody that was killed.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class CrashTests(CrashLab lab, ITestOutputHelper output) : IClassFixture<CrashLab>
{
    private const int VerifyMs = 2_500;
    private const int HangDeadlineMs = 2_000;

    /// <summary>For an agent to be there again on a machine that is busy with other tests.</summary>
    private const int RestartMs = 10_000;

    public static TheoryData<Victim> Victims => [.. Enum.GetValues<Victim>()];

    [Theory]
    [MemberData(nameof(Victims))]
    public async Task Part_KilledWhileIterating_TheSameStreamGoesOnToSucceeded(Victim victim)
    {
        await using CrashScene scene = await CrashScene.StartAsync(lab, output);
        await scene.MigrateUntilAsync(
            SlowGuest.Policy(), migration => migration is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");

        await scene.KillAsync(victim);

        await scene.AssertMovedAsync(await scene.EndAsync("Iterating", ["SwitchoverEntered", "GuestRunsAtDestination"]));
    }

    /// <summary>The stream is released before the killed agent is back: what it finds then is a completed source, or a loaded destination.</summary>
    [Theory]
    [MemberData(nameof(Victims))]
    public async Task Part_KilledInTheSwitchover_TheSameStreamGoesOnToSucceeded(Victim victim)
    {
        await using CrashScene scene = await CrashScene.StartAsync(lab, output);
        StreamHold hold = await scene.MigrateIntoTheSwitchoverAsync(SlowGuest.QuickPolicy());

        await scene.KillAsync(victim);
        hold.Release();

        await scene.AssertMovedAsync(await scene.EndAsync("Switchover", ["GuestRunsAtDestination"]));
    }

    /// <summary>
    /// The rest of the stream never comes. The source's agent breaks it off at the deadline, which begins anew with a new life of the agent, and the guest goes on where it was. With
    /// no coordinator at all for the first seconds it must come back as soon.
    /// </summary>
    [Theory]
    [InlineData(Victim.FirstCoordinator)]
    [InlineData(Victim.SourceAgent)]
    [InlineData(Victim.DestinationAgent)]
    public async Task Part_KilledInASwitchoverThatHangs_TheGuestGoesOnAtTheSource(Victim victim)
    {
        await using CrashScene scene = await CrashScene.StartAsync(lab, output);
        await scene.MigrateIntoTheSwitchoverAsync(SlowGuest.QuickPolicy(switchoverDeadlineMs: HangDeadlineMs));

        await scene.KillAsync(victim);

        await scene.AssertStayedAsync(await scene.EndAsync("Switchover", ["AttemptEnded"], standstillAtMostMs: (2 * HangDeadlineMs) + RestartMs));
    }

    [Theory]
    [MemberData(nameof(Victims))]
    public async Task Part_KilledWhileVerifying_TheVerdictIsReached(Victim victim)
    {
        await using CrashScene scene = await CrashScene.StartAsync(lab, output);
        StreamHold hold = await scene.MigrateIntoTheSwitchoverAsync(SlowGuest.QuickPolicy(VerifyMs));
        hold.Release();
        await scene.UntilAsync(migration => migration.Phase == "Verifying", "the queues to be watched");

        await scene.KillAsync(victim);

        await scene.AssertMovedAsync(await scene.EndAsync("Verifying", ["VerdictReached"]));
    }

    /// <summary>The end of the source is still owed: its agent was stopped before the coordinators learnt that the guest runs at the destination.</summary>
    [Theory]
    [MemberData(nameof(Victims))]
    public async Task Part_KilledWhileFinishing_TheDebtIsPaid(Victim victim)
    {
        await using CrashScene scene = await CrashScene.StartAsync(lab, output);
        StreamHold hold = await scene.MigrateIntoTheSwitchoverAsync(SlowGuest.QuickPolicy());
        scene.FreezeCoordinators();
        hold.Release();
        await Eventually.BecomesTrue(() => scene.Console.HasTickedOn(Deployment.Beta), Api.Limit, "the guest to run on beta", scene.Deployment.Log);
        await scene.Console.MoreTicksAsync(3);
        scene.SourceAgent.Freeze();
        scene.ThawCoordinators();
        await scene.UntilAsync(migration => migration.Phase == "Finishing", "the end of the source to be all that is owed");

        await scene.KillAsync(victim);
        if (victim != Victim.SourceAgent)
        {
            scene.SourceAgent.Thaw();
        }

        await scene.AssertMovedAsync(await scene.EndAsync("Finishing", ["MigrationEnded"]));
    }
}
