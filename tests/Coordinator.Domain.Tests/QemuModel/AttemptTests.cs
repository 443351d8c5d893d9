using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>What a second migration of the same source finds, and a source that cannot take its images back.</summary>
public sealed class AttemptTests
{
    [Fact]
    public void Migrate_NobodyListens_FailsAndTheSourceKeepsRunning() =>
        new History(Qemu.Start(default)).Ok(Side.Source, QemuCommand.Migrate).Do(QemuStepKind.ConnectionRefused)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed);

    [Fact]
    public void Migrate_AfterARefusedConnection_ReachesTheSameDestination() =>
        History.Of().Ok(Side.Source, QemuCommand.Migrate).Do(QemuStepKind.ConnectionRefused).Completed()
            .Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void Migrate_AfterAFailedOne_NeedsANewDestination()
    {
        History history = History.Of().Finishing().Do(QemuStepKind.LoadFails).Rest();
        Assert.False(history.Destination.Alive);

        history.Launch().Ok(Side.Destination, QemuCommand.MigrateIncoming).Completed().Shows(Side.Source, RunState.PostMigrate, MigrationStatus.Completed);
    }

    [Fact]
    public void Migrate_WhileTheFormerDestinationStillLoads_IsRefusedAndDoesNotDisturbTheLoad() =>
        History.Of().Finishing().Do(QemuStepKind.StreamBreaks, QemuStepKind.Fails, QemuStepKind.Settles).Ok(Side.Source, QemuCommand.Migrate)
            .Do(QemuStepKind.ConnectionRefused, QemuStepKind.Loads).Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void Migrate_AfterContOfACompletedSource_WorksAgain() =>
        History.Of().Completed().Kill(Side.Destination).Ok(Side.Source, QemuCommand.Cont).Launch().Ok(Side.Destination, QemuCommand.MigrateIncoming).Completed()
            .Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);

    [Fact]
    public void NewDestination_WhileTheSourceStillHoldsTheDeadOnes_DoesNotJoinThatStream()
    {
        History history = History.Of().PreSwitchover().Kill(Side.Destination).Launch().Ok(Side.Destination, QemuCommand.MigrateIncoming)
            .Ok(Side.Source, QemuCommand.MigrateContinue()).Rest();

        history.Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Shows(Side.Destination, RunState.InMigrate, MigrationStatus.Setup);
    }

    [Fact]
    public void LaunchDestination_FormerOneAlive_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Qemu.LaunchDestination(History.Of().Pair, autostart: false));

    [Fact]
    public void Onward_LoadedDestination_MigratesToAThirdProcess()
    {
        QemuPair next = Qemu.Onward(History.Of().Completed().Ok(Side.Destination, QemuCommand.Cont).Pair);

        new History(next).Ok(Side.Source, QemuCommand.SetCapabilities(History.Both)).Launch().Ok(Side.Destination, QemuCommand.MigrateIncoming).Completed()
            .Shows(Side.Destination, RunState.Paused, MigrationStatus.Completed);
    }

    [Fact]
    public void Onward_NotLoaded_Throws() => Assert.Throws<InvalidOperationException>(() => Qemu.Onward(History.Of().PreSwitchover().Pair));

    [Fact]
    public void LostImages_UntilDestinationEnds_ContIsRefusedAndWorksAfterwards()
    {
        History history = WithoutImages(ImageReturn.MayFailUntilDestinationEnds);
        Assert.False(history.Source.GuestRuns);

        history.Refused(Side.Source, QemuCommand.Cont, QemuErrors.ImageInUse).Kill(Side.Destination).Ok(Side.Source, QemuCommand.Cont)
            .Shows(Side.Source, RunState.Running, MigrationStatus.Failed).Ok(Side.Source, QemuCommand.Migrate);
    }

    [Fact]
    public void LostImages_ForGood_ContIsAlwaysRefused() =>
        WithoutImages(ImageReturn.MayFailForGood).Kill(Side.Destination).Refused(Side.Source, QemuCommand.Cont, QemuErrors.NotFinalized)
            .Shows(Side.Source, RunState.FinishMigrate, MigrationStatus.Failed);

    [Fact]
    public void LostImages_MeasuredVersions_GuestRunsAllTheSame() =>
        Assert.False(History.Of().Loaded().Do(QemuStepKind.StreamBreaks, QemuStepKind.Fails).Can(QemuStepKind.StaysWithoutImages));

    private static History WithoutImages(ImageReturn images) =>
        History.Of(images: images).Loaded().Do(QemuStepKind.StreamBreaks, QemuStepKind.Fails, QemuStepKind.StaysWithoutImages);
}
