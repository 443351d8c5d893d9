using Coordinator.Chaos.Laboratory;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Observers;

namespace Coordinator.Chaos.Faults;

/// <summary>The agents' connections to a VM's QEMUs are closed; they connect again at once.</summary>
internal sealed class ClosedMonitors(Action<HistoryRecord> note, ChaosLab lab, string vm) : Fault(note)
{
    public override Task BeginAsync()
    {
        foreach (SeenQemu qemu in lab.Observer.Of(vm).Where(qemu => qemu.IsAlive))
        {
            Party monitor = Party.Monitor(Copy.OfLaunch(new HostName(qemu.Host), qemu.Launch));
            Begins(monitor, FaultKind.Cut);
            if (MonitorCloser.Close(qemu.Pid) == 0)
            {
                throw new LabFailure($"no agent is connected to QEMU {qemu.Pid} on {qemu.Host}: there is no monitor to close");
            }

            Ends(monitor, FaultKind.Cut);
        }

        return Task.CompletedTask;
    }
}
