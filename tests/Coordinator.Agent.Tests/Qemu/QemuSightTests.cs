using Coordinator.Agent.Qemu;
using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class QemuSightTests
{
    private static readonly LaunchId s_launch = new(Guid.NewGuid());

    [Fact]
    public void Source_ThatArrivedByMigration_HasNoOutgoingStatus() =>
        Assert.Equal(MigrationStatus.None, new QemuSight(RunState.Running, MigrationStatus.Completed, HasArrived: true).AsSource(s_launch).Status);

    [Fact]
    public void Source_WhoseOwnMigrationCompleted_IsCompleted() =>
        Assert.Equal(MigrationStatus.Completed, new QemuSight(RunState.PostMigrate, MigrationStatus.Completed, HasArrived: false).AsSource(s_launch).Status);

    [Theory]
    [InlineData(RunState.Paused, true)]
    [InlineData(RunState.PreLaunch, true)]
    [InlineData(RunState.InMigrate, false)]
    public void Destination_IsLoaded_OnlyWhenItsStateIsThere(RunState run, bool loaded) =>
        Assert.Equal(loaded, new QemuSight(run, MigrationStatus.Completed, HasArrived: false).AsDestination(s_launch).IsLoaded);
}
