using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>Stalls, cuts, the yank and the acknowledgement: where QEMU makes a split brain by itself.</summary>
public sealed class BrokenStreamTests
{
    [Fact]
    public void Monitor_WhileTheLastPartIsSent_AnswersOnlyYank()
    {
        History history = History.Of().Sending();

        Assert.Null(Qemu.Observe(history.Pair, Side.Source));
        Assert.Equal(QemuReply.NoAnswer, Qemu.Execute(history.Pair, Side.Source, QemuCommand.MigrateCancel).Reply);
        Assert.Equal(QemuReply.Ok, Qemu.Execute(history.Pair, Side.Source, QemuCommand.Yank).Reply);
    }

    [Fact]
    public void Monitor_WhileOnlyTheAcknowledgementIsAwaited_Answers() =>
        History.Of().Loaded().Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.Device);

    [Fact]
    public void FrozenNetwork_InDevice_BlocksForEverUntilYankAndSourceResumes()
    {
        History history = History.Of().PreSwitchover().Do(QemuStepKind.StreamStalls).Continued();
        Assert.DoesNotContain(Qemu.Steps(history.Pair), step => step.Nature == StepNature.Progress);

        history.Ok(Side.Source, QemuCommand.Yank).Do(QemuStepKind.Fails, QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Failed)
            .Shows(Side.Destination, RunState.InMigrate, MigrationStatus.Active).Do(QemuStepKind.StallEnds, QemuStepKind.StreamEndsEarly);

        Assert.Equal(["S failed", "S Resume", "D failed", "D ProcessEnded"], history.Events[^4..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FrozenNetwork_TailInTheSocketsBuffer_DestinationLoadsAfterTheYankedSourceRuns(bool lockReleased)
    {
        History history = History.Of().PreSwitchover().Do(QemuStepKind.StreamStalls).Continued()
            .Do(QemuStepKind.DeviceStateSent);
        history = lockReleased ? history.Do(QemuStepKind.LockReleased) : history;

        history.Ok(Side.Source, QemuCommand.Yank).Do(QemuStepKind.Fails, QemuStepKind.Settles, QemuStepKind.StallEnds, QemuStepKind.Loads)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);
    }

    [Fact]
    public void Yank_InPreSwitchover_IsNotNoticedUntilContinue()
    {
        History history = History.Of().PreSwitchover().Ok(Side.Source, QemuCommand.Yank).Do(QemuStepKind.StreamEndsEarly)
            .Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover);

        history.Ok(Side.Source, QemuCommand.MigrateContinue()).Rest().Shows(Side.Source, RunState.Running, MigrationStatus.Failed);
    }

    [Fact]
    public void Yank_OnTheDestination_EndsIt() =>
        Assert.Equal(
            ProcessLife.ExitedFailed,
            History.Of().PreSwitchover().Ok(Side.Destination, QemuCommand.Yank).Do(QemuStepKind.StreamEndsEarly).Destination.Life);

    [Fact]
    public void LostAcknowledgement_Autostart_IsASplitBrainWithoutAnyCommand()
    {
        History history = History.Of(autostart: true).Loaded()
            .Do(QemuStepKind.Acknowledges, QemuStepKind.AcknowledgementLost, QemuStepKind.Fails, QemuStepKind.Settles);

        history.Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);
        Assert.Equal(["S failed", "S Resume"], history.Events[^2..]);
    }

    [Fact]
    public void LostAcknowledgement_WithoutAutostart_DestinationStaysPaused() =>
        History.Of().Loaded().Do(QemuStepKind.StreamBreaks, QemuStepKind.Fails, QemuStepKind.Settles)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void Yank_WithAnAcknowledgementUnread_IsARace()
    {
        QemuPair unread = History.Of().Loaded().Do(QemuStepKind.Acknowledges).Pair;
        Assert.Equal(2, Qemu.Execute(unread, Side.Source, QemuCommand.Yank).Choices.Count);

        new History(unread).Ok(Side.Source, QemuCommand.Yank, choice: 0).Rest().Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed);
        new History(unread).Ok(Side.Source, QemuCommand.Yank, choice: 1).Rest().Shows(Side.Source, RunState.Running, MigrationStatus.Failed);
    }

    [Fact]
    public void StreamBreaks_AfterAllIsSent_DestinationMayStillLoadAfterTheSourceGaveUp() =>
        History.Of().Finishing().Do(QemuStepKind.StreamBreaks, QemuStepKind.Fails, QemuStepKind.Settles, QemuStepKind.Loads)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void StreamBreaks_InActive_SourceKeepsRunningAndDestinationExits1()
    {
        History history = History.Of().Active().Do(QemuStepKind.StreamBreaks).Rest().Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

        Assert.Equal(ProcessLife.ExitedFailed, history.Destination.Life);
    }

    [Theory]
    [InlineData(QemuStepKind.TailLost)]
    [InlineData(QemuStepKind.LoadFails)]
    public void WithoutReturnPath_DestinationFailsAtTheEnd_SourceSaysCompleted(QemuStepKind fault)
    {
        History history = History.Of(capabilities: QemuCapabilities.PauseBeforeSwitchover).Finishing().Do(fault).Rest();

        history.Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed);
        Assert.Equal(ProcessLife.ExitedFailed, history.Destination.Life);
    }

    [Fact]
    public void WithoutReturnPath_LoadFailsBeforeAllIsSent_SourceFails() =>
        History.Of(capabilities: QemuCapabilities.PauseBeforeSwitchover).Sending().Do(QemuStepKind.LoadFails).Rest()
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

    [Fact]
    public void WithReturnPath_LoadFails_SourceFailsAndResumes() =>
        History.Of().Finishing().Do(QemuStepKind.LoadFails, QemuStepKind.Fails, QemuStepKind.Settles)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

    [Theory]
    [InlineData(QemuStepKind.LoadsWithBrokenRing, LoadedRings.Broken)]
    [InlineData(QemuStepKind.LoadsWithOtherIndex, LoadedRings.Different)]
    public void RingMismatch_OnLoad_BothSidesSayCompletedAndOnlyTheRingsShowIt(QemuStepKind fault, LoadedRings rings)
    {
        History history = History.Of().Finishing().Do(fault).Rest().Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed);

        Assert.Equal(new QemuObservation(RunState.Paused, MigrationStatus.Completed, rings), Qemu.Observe(history.Pair, Side.Destination));
    }

    [Fact]
    public void QueuedCont_CarriedOutAfterCompletion_RunsTheSource() =>
        History.Of().Sending().Unanswered(Side.Source, QemuCommand.Cont).Do(QemuStepKind.DeviceStateSent, QemuStepKind.LockReleased, QemuStepKind.Loads,
            QemuStepKind.Acknowledges, QemuStepKind.Completes, QemuStepKind.Settles, QemuStepKind.QueuedCommandRuns)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Completed);
}
