using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>Guards that QEMU has, and those that it does not have.</summary>
public sealed class GuardTests
{
    [Fact]
    public void ContOnSource_InPreSwitchoverAndDevice_IsRefused()
    {
        History.Of().PreSwitchover().Refused(Side.Source, QemuCommand.Cont, QemuErrors.NotFinalized);
        History.Of().Finishing().Refused(Side.Source, QemuCommand.Cont, QemuErrors.NotFinalized);
    }

    [Fact]
    public void MigrateContinue_NotInTheExpectedState_NamesTheState()
    {
        QemuCommand go = QemuCommand.MigrateContinue();

        History.Of().Refused(Side.Source, go, "Migration not in expected state: none");
        History.Of().Active().Refused(Side.Source, go, "Migration not in expected state: active");
        History.Of().Finishing().Refused(Side.Source, go, "Migration not in expected state: device");
        History.Of().Completed().Refused(Side.Source, go, "Migration not in expected state: completed");
        History.Of().PreSwitchover()
            .Refused(Side.Source, QemuCommand.MigrateContinue(MigrationStatus.Device), "Migration not in expected state: pre-switchover");
        History.Of().PreSwitchover().Refused(Side.Destination, go, "Migration not in expected state: none");
    }

    [Fact]
    public void MigrateContinue_StateNamedRightlyButNotPausing_HasNoEffect()
    {
        QemuPair active = History.Of().Active().Pair;

        Assert.Equal(active, new History(active).Ok(Side.Source, QemuCommand.MigrateContinue(MigrationStatus.Active)).Pair);
    }

    [Fact]
    public void Migrate_WhileOneRuns_IsRefused()
    {
        History.Of().Ok(Side.Source, QemuCommand.Migrate).Refused(Side.Source, QemuCommand.Migrate, QemuErrors.InProgress);
        History.Of().PreSwitchover().Refused(Side.Source, QemuCommand.Migrate, QemuErrors.InProgress);
    }

    [Fact]
    public void Migrate_InPostmigrate_IsRefused() => History.Of().Completed().Refused(Side.Source, QemuCommand.Migrate, QemuErrors.PausedByMigration);

    [Fact]
    public void Migrate_OnAWaitingDestination_IsRefused() => History.Of().Refused(Side.Destination, QemuCommand.Migrate, QemuErrors.WaitingForIncoming);

    [Fact]
    public void MigrateIncoming_TwiceOrOnASource_IsRefused() =>
        History.Of().Refused(Side.Destination, QemuCommand.MigrateIncoming, QemuErrors.IncomingStarted)
            .Refused(Side.Source, QemuCommand.MigrateIncoming, QemuErrors.NoIncoming)
            .Completed().Refused(Side.Destination, QemuCommand.MigrateIncoming, QemuErrors.IncomingStarted);

    [Fact]
    public void SetCapabilities_DuringAMigration_IsRefused()
    {
        History.Of().PreSwitchover().Refused(Side.Source, QemuCommand.SetCapabilities(QemuCapabilities.None), QemuErrors.InProgress);
        Assert.Equal(QemuCapabilities.None, History.Of().Ok(Side.Source, QemuCommand.SetCapabilities(QemuCapabilities.None)).Source.Capabilities);
    }

    /// <summary>Seen on 10.0.2 on a machine without an idle core, for 35 ms: the command is answered before the migration thread has woken up.</summary>
    [Fact]
    public void MigrateContinue_Answered_StaysInPreSwitchoverUntilTheThreadWakesUp()
    {
        History history = History.Of().PreSwitchover().Ok(Side.Source, QemuCommand.MigrateContinue()).Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover);
        QemuPair answered = history.Pair;

        Assert.Equal(answered, history.Ok(Side.Source, QemuCommand.MigrateContinue()).Pair);
        new History(answered).Ok(Side.Source, QemuCommand.MigrateCancel).Do(QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Cancelled);
        Assert.Equal("S device", history.Do(QemuStepKind.Continues).Events[^1]);
    }

    [Fact]
    public void ContOnDestination_InMigrate_SucceedsChangesNothingAndLetsItRunAfterTheLoad()
    {
        History history = History.Of().PreSwitchover().Ok(Side.Destination, QemuCommand.Cont)
            .Shows(Side.Destination, RunState.InMigrate, MigrationStatus.Active);

        history.Continued().Do(QemuStepKind.DeviceStateSent, QemuStepKind.LockReleased, QemuStepKind.Loads)
            .Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);
    }

    [Fact]
    public void StopOnDestination_InMigrate_CancelsAutostart() =>
        History.Of(autostart: true).Ok(Side.Destination, QemuCommand.Stop).Completed().Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void StopOnSource_InPreSwitchover_SucceedsAndDoesNotKeepItFromResuming() =>
        History.Of().PreSwitchover().Ok(Side.Source, QemuCommand.Stop).Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover)
            .Ok(Side.Source, QemuCommand.MigrateCancel).Do(QemuStepKind.Settles).Shows(Side.Source, RunState.Running, MigrationStatus.Cancelled);

    [Fact]
    public void SystemReset_InPreSwitchover_IsAcceptedAndTheResetStateIsMigrated()
    {
        History history = History.Of().PreSwitchover().Ok(Side.Source, QemuCommand.SystemReset)
            .Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover);

        history.Ok(Side.Source, QemuCommand.MigrateContinue()).Rest();

        Assert.True(history.Destination.GuestWasReset);
        history.Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);
    }

    [Fact]
    public void SystemReset_AfterCompletion_GivesPrelaunchOnBothSides() =>
        History.Of().Completed().Ok(Side.Source, QemuCommand.SystemReset).Ok(Side.Destination, QemuCommand.SystemReset)
            .Shows(Side.Source, RunState.PreLaunch, MigrationStatus.Completed).Shows(Side.Destination, RunState.PreLaunch, MigrationStatus.Completed);

    [Fact]
    public void ContOnSource_InPostmigrate_IsAcceptedWhileTheDestinationRuns()
    {
        History history = History.Of().Completed().Ok(Side.Destination, QemuCommand.Cont).Ok(Side.Source, QemuCommand.Cont);

        history.Shows(Side.Source, RunState.Running, MigrationStatus.Completed).Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);
    }

    [Fact]
    public void Yank_WithoutAMigration_FindsNoInstance()
    {
        History.Of().Refused(Side.Source, QemuCommand.Yank, QemuErrors.InstanceNotFound);
        History.Of().Completed().Refused(Side.Source, QemuCommand.Yank, QemuErrors.InstanceNotFound)
            .Refused(Side.Destination, QemuCommand.Yank, QemuErrors.InstanceNotFound);
    }

    [Fact]
    public void Postcopy_AnyCommand_IsRefusedByTheModel()
    {
        QemuPair active = History.Of().Active().Pair;

        Assert.Equal(QemuReply.NotModelled, Qemu.Execute(active, Side.Source, QemuCommand.MigrateStartPostcopy).Reply);
        Assert.Equal(QemuReply.NotModelled, Qemu.Execute(active, Side.Destination, QemuCommand.MigrateRecover).Reply);
    }
}
