using Coordinator.Agent.Qemu;
using Coordinator.Agent.State;
using Coordinator.Failpoints;
using Coordinator.Qmp;
using Microsoft.Extensions.Logging;

namespace Coordinator.Agent.Sessions;

/// <summary>Performs one effect of either side, between its failpoints. One that fails is logged, and the ledger repeats it if it is still due.</summary>
internal sealed class EffectGuard(VmSession session)
{
    /// <param name="name">Of the effect, for the log.</param>
    /// <param name="place">Of its failpoints; asked only where they are on.</param>
    /// <param name="perform">Begins inside the session.</param>
    public async Task PerformAsync(string name, Func<string> place, Func<Task> perform)
    {
        try
        {
            await (Failpoint.IsOn ? PerformBetweenAsync(place(), perform) : perform());
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or AgentStoreException or IOException)
        {
            session.Logger.LogWarning("VM {Vm}: {Effect} failed, and is repeated if it is still due: {Reason}", session.Vm, name, e.Message);
        }
    }

    /// <summary>An effect begins inside the session, after a wait too.</summary>
    private async Task PerformBetweenAsync(string place, Func<Task> perform)
    {
        ValueTask hit = Failpoint.HitAsync(FailpointCatalogue.Before(place), session.Vm);
        bool waits = !hit.IsCompleted;
        await hit;
        await (waits ? session.InsideAsync(perform) : perform());
        await Failpoint.HitAsync(FailpointCatalogue.After(place), session.Vm);
    }
}
