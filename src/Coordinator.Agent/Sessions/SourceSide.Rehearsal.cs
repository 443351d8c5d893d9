using Coordinator.Agent.Channel;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.Qmp;
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
            if (!await Link.ConnectAsync(command.HandoffAddress, command.DestinationHost))
            {
                return (null, Link.Refusal is { Length: > 0 } refusal ? refusal : $"the agent of host {command.DestinationHost} does not answer at {command.HandoffAddress}: is the address reachable from host {session.Agent.Host.HostId}?");
            }

            RehearsalRounds rounds = new(session.Vm, command.Attempt, command.DestinationStore, readings);
            Link.OnRehearsed = rounds.OnRehearsed;
            WireRehearsal? measured = await rounds.RunAsync(Link.TrySend, session.Stopping);
            await ArmAsync(readings);
            return (measured, measured is not null ? "" : Link.Refusal is { Length: > 0 } refused ? refused : $"the agent of host {command.DestinationHost} stopped answering during the rehearsal");
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

    /// <summary>What is not armed is asked in the ordinary way, so a failure costs some milliseconds and nothing else.</summary>
    private async Task ArmAsync(IReadOnlyList<DeviceReading> layout)
    {
        try
        {
            if (Guest is { } guest)
            {
                await guest.ArmAsync(layout, MigrationCommands.ContinueSwitchover);
            }
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException)
        {
            session.Logger.LogInformation("VM {Vm}: nothing is armed at the source: {Reason}", session.Vm, e.Message);
        }
    }
}
