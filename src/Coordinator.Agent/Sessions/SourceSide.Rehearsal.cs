using Coordinator.Agent.Channel;
using Coordinator.AgentProtocol;
using WireRehearsal = Coordinator.AgentProtocol.Rehearsal;

namespace Coordinator.Agent.Sessions;

internal sealed partial class SourceSide
{
    /// <summary>Runs outside of the session. Nothing of the guest is touched.</summary>
    public async Task<(WireRehearsal? Measured, string Reason)> RehearseAsync(Rehearse command)
    {
        HandoffDryRun.Run();
        IReadOnlyList<DeviceReading> readings = Facts.Layout?.Devices ?? [];
        try
        {
            if (!await Link.ConnectAsync(command.HandoffAddress))
            {
                return (null, $"the agent of host {command.DestinationHost} does not answer at {command.HandoffAddress}: is the address reachable from host {session.Agent.Host.HostId}?");
            }

            RehearsalRounds rounds = new(session.Vm, command.Attempt, command.DestinationStore, readings);
            Link.OnRehearsed = rounds.OnRehearsed;
            WireRehearsal? measured = await rounds.RunAsync(Link.TrySend, session.Stopping);
            return (measured, measured is null ? $"the agent of host {command.DestinationHost} stopped answering during the rehearsal" : "");
        }
        catch (OperationCanceledException)
        {
            return (null, "this agent is being stopped");
        }
        finally
        {
            Link.OnRehearsed = null;
        }
    }
}
