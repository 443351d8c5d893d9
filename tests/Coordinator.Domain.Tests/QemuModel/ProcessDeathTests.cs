using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

public sealed class ProcessDeathTests
{
    [Fact]
    public void DestinationKilled_InActive_SourceFailsAndWasNeverStopped()
    {
        History history = History.Of().Active().Kill(Side.Destination).Do(QemuStepKind.Fails).Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

        Assert.DoesNotContain("S Stop", history.Events);
    }

    [Fact]
    public void DestinationKilled_InPreSwitchover_IsNotNoticedUntilContinue()
    {
        History history = History.Of().PreSwitchover().Kill(Side.Destination);
        Assert.Equal([QemuStepKind.ProcessDies], Qemu.Steps(history.Pair).Select(step => step.Kind));

        history.Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover).Continued()
            .Do(QemuStepKind.Fails, QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Failed);
        Assert.Equal(["S device", "S failed", "S Resume"], history.Events[^3..]);
    }

    [Fact]
    public void DestinationKilled_InPreSwitchover_CancelHelpsToo() =>
        History.Of().PreSwitchover().Kill(Side.Destination).Ok(Side.Source, QemuCommand.MigrateCancel).Do(QemuStepKind.Settles)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Cancelled);

    [Fact]
    public void DestinationKilled_InDevice_SourceFailsAndResumesByItself()
    {
        History.Of().Sending().Kill(Side.Destination).Do(QemuStepKind.Fails, QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Failed);
        History.Of().Finishing().Kill(Side.Destination).Do(QemuStepKind.Fails, QemuStepKind.Settles)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed);
    }

    [Fact]
    public void DestinationKilled_AfterTheLoadBeforeItsWord_SourceFailsAndResumes() =>
        History.Of().Loaded().Kill(Side.Destination).Do(QemuStepKind.Fails, QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

    [Fact]
    public void DestinationKilled_AfterItsWord_SourceCompletesAndTheGuestRunsNowhereUntilCont()
    {
        History.Of().Loaded().Do(QemuStepKind.Acknowledges).Kill(Side.Destination).Do(QemuStepKind.Completes, QemuStepKind.Settles)
            .Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed);
        History.Of().Completed().Kill(Side.Destination).Rest().Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed)
            .Ok(Side.Source, QemuCommand.Cont).Shows(Side.Source, RunState.Running, MigrationStatus.Completed);
    }

    [Fact]
    public void SourceKilled_BeforeAllIsSent_DestinationExits1()
    {
        foreach (History history in (History[])[History.Of().Active(), History.Of().PreSwitchover(), History.Of().Sending()])
        {
            history.Kill(Side.Source).Do(QemuStepKind.StreamEndsEarly);

            Assert.Equal(ProcessLife.ExitedFailed, history.Destination.Life);
        }
    }

    [Fact]
    public void SourceKilled_AfterAllIsSent_DestinationMayLoadOrNot()
    {
        History.Of().Finishing().Kill(Side.Source).Do(QemuStepKind.Loads).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);
        Assert.False(History.Of().Finishing().Kill(Side.Source).Do(QemuStepKind.TailLost, QemuStepKind.StreamEndsEarly).Destination.Alive);
    }

    [Fact]
    public void SourceKilled_AfterCompleted_DestinationStaysAndContWorks() =>
        History.Of().Completed().Kill(Side.Source).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed)
            .Ok(Side.Destination, QemuCommand.Cont).Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);

    [Fact]
    public void Quit_WhileTheDestinationsWordIsAwaited_LeavesALoadedDestination()
    {
        History history = History.Of().Loaded().Ok(Side.Source, QemuCommand.Quit);

        Assert.Equal(ProcessLife.ExitedOk, history.Source.Life);
        history.Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);
    }

    [Fact]
    public void Kill_OfADeadProcess_ChangesNothing()
    {
        History history = History.Of().Active().Kill(Side.Source);

        Assert.Equal(history.Pair, Qemu.ProcessDied(history.Pair, Side.Source));
        history.Unanswered(Side.Source, QemuCommand.Cont);
        Assert.Null(Qemu.Observe(history.Pair, Side.Source));
    }
}
