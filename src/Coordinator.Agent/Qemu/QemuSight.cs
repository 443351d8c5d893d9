using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// What was last seen of one living QEMU. QEMU has one status word for both directions; <paramref name="HasArrived"/> says that its <c>completed</c> is that of its own
/// arrival, long ago (such a <c>completed</c> comes without RAM figures).
/// </summary>
internal readonly record struct QemuSight(RunState Run, MigrationStatus Status, bool HasArrived)
{
    public QemuView AsSource(LaunchId launch) => new(launch, Alive: true, Run, HasArrived ? MigrationStatus.None : Status);

    public QemuView AsDestination(LaunchId launch) => new(launch, Alive: true, Run, Status);
}
