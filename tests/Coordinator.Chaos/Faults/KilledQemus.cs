using Coordinator.Chaos.Laboratory;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Observers;
using Coordinator.Lab.Processes;

namespace Coordinator.Chaos.Faults;

/// <summary>SIGKILL to what one host has of a VM. Nobody starts it again.</summary>
internal sealed class KilledQemus(Action<HistoryRecord> note, ChaosLab lab, string vm, string host) : Fault(note)
{
    private static readonly TimeSpan s_deadLimit = TimeSpan.FromSeconds(60);

    public override async Task BeginAsync()
    {
        IReadOnlyList<SeenQemu> alive = Alive();
        if (alive.Count == 0)
        {
            throw new LabFailure($"{host} has no QEMU of {vm}: there is nobody to kill");
        }

        foreach (SeenQemu qemu in alive)
        {
            Begins(Party.Qemu(Copy.OfLaunch(new HostName(qemu.Host), qemu.Launch)), FaultKind.Dead);
            ProcessSignal.Kill(qemu.Pid);
        }

        // A killed process takes its time; until it is dead, what is sent to its monitor is taken.
        await Eventually.BecomesTrue(() => Alive().Count == 0, s_deadLimit, "the killed QEMU to be dead");
        if (host == Deployment.Beta)
        {
            // Where nobody listens any more, dialling is refused; the link in between would accept it.
            lab.Stream.Refuse();
        }
    }

    private IReadOnlyList<SeenQemu> Alive() => [.. lab.Observer.Of(vm).Where(qemu => qemu.Host == host && qemu.IsAlive)];
}
