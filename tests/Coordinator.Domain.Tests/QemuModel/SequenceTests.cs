using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>The event sequences of two QEMU processes, as they were recorded.</summary>
public sealed class SequenceTests
{
    [Fact]
    public void PlainPrecopy_Qemu7_SaysActiveUntilCompletedAndSourceIsFirst()
    {
        History history = History.Of(QemuVersion.V7, QemuCapabilities.None, autostart: true).Ok(Side.Source, QemuCommand.Migrate)
            .Do(QemuStepKind.Connects, QemuStepKind.Converges, QemuStepKind.DeviceStateSent, QemuStepKind.LockReleased, QemuStepKind.Completes,
                QemuStepKind.Settles, QemuStepKind.Loads);

        Assert.Equal(["D setup", "S setup", "D active", "S active", "S Stop", "S completed", "D Resume", "D completed"], history.Events);
        history.Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed).Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);
    }

    [Fact]
    public void PlainPrecopy_Qemu10_SaysDevice()
    {
        History history = History.Of(QemuVersion.V10, QemuCapabilities.None, autostart: true).Ok(Side.Source, QemuCommand.Migrate)
            .Do(QemuStepKind.Connects, QemuStepKind.Converges, QemuStepKind.DeviceStateSent, QemuStepKind.LockReleased, QemuStepKind.Completes,
                QemuStepKind.Settles, QemuStepKind.Loads);

        Assert.Equal(["D setup", "S setup", "D active", "S active", "S Stop", "S device", "S completed", "D Resume", "D completed"], history.Events);
    }

    [Theory]
    [InlineData(QemuVersion.V7)]
    [InlineData(QemuVersion.V10)]
    public void PauseBeforeSwitchover_ReturnPath_SourceCompletesAfterTheLoad(QemuVersion version)
    {
        History history = History.Of(version).Completed();

        Assert.Equal(
            ["D setup", "S setup", "D active", "S active", "S Stop", "S pre-switchover", "S device", "D completed", "S completed"], history.Events);
        history.Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed)
            .Ok(Side.Destination, QemuCommand.Cont).Shows(Side.Destination, RunState.Running, MigrationStatus.Completed);
    }

    [Fact]
    public void PreSwitchover_Holds_SourceIsInFinishMigrateAndDestinationInMigrate()
    {
        History history = History.Of().PreSwitchover();

        history.Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.PreSwitchover).Shows(Side.Destination, RunState.InMigrate, MigrationStatus.Active);
        Assert.DoesNotContain(Qemu.Steps(history.Pair), step => step.Nature == StepNature.Progress);
    }

    [Theory]
    [InlineData(GuestBefore.Running, RunState.Paused)]
    [InlineData(GuestBefore.PausedByUser, RunState.Paused)]
    [InlineData(GuestBefore.NeverRan, RunState.PreLaunch)]
    public void Load_DestinationWithoutAutostart_TakesTheRunStateOfTheSource(GuestBefore guest, RunState loaded) =>
        History.Of(guest: guest).Completed().Shows(Side.Destination, loaded, MigrationStatus.Completed);

    [Theory]
    [InlineData(GuestBefore.Running, RunState.Running)]
    [InlineData(GuestBefore.PausedByUser, RunState.Paused)]
    [InlineData(GuestBefore.NeverRan, RunState.PreLaunch)]
    public void Load_DestinationWithAutostart_RunsOnlyAGuestThatRan(GuestBefore guest, RunState loaded) =>
        History.Of(guest: guest, autostart: true).Completed().Shows(Side.Destination, loaded, MigrationStatus.Completed);

    [Theory]
    [InlineData(QemuVersion.V7, MigrationStatus.None)]
    [InlineData(QemuVersion.V10, MigrationStatus.Setup)]
    public void ListeningDestination_Queried_SaysSetupOnlyIn10(QemuVersion version, MigrationStatus shown) =>
        History.Of(version).Shows(Side.Destination, RunState.InMigrate, shown);

    [Fact]
    public void CompletedSource_UntilPostmigrate_IsStillInFinishMigrate()
    {
        History history = History.Of().Loaded().Do(QemuStepKind.Acknowledges, QemuStepKind.Completes);

        history.Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.Completed).Refused(Side.Source, QemuCommand.Cont, QemuErrors.NotFinalized);
        Assert.False(history.Can(QemuStepKind.Fails));
    }
}
