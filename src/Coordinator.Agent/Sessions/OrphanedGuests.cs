using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Agent.State;
using Coordinator.Domain;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// Guests that run on though the agent's store is new and knows nothing of them: its state directory was lost while they ran. Each was launched by an agent of this host, as its monitor's socket in
/// the run directory and its own command line say, and is taken over as it is, under the launch id that the coordinators know; nothing is sent to it. Only a guest that runs and has no migration
/// under way is taken: of a copy that stands still nobody here knows any more whether it may run, and attempts that were open are answered "unknown".
/// </summary>
internal static partial class OrphanedGuests
{
    private static readonly TimeSpan s_answerWithin = TimeSpan.FromSeconds(5);

    private static readonly string[] s_settled = ["", "none", "completed", "failed", "cancelled"];

    /// <summary>Before the first session starts. What is found is in the store when this returns.</summary>
    public static async Task TakeOverAsync(HostConfiguration host, AgentStore store, ILogger log)
    {
        string sockets = Path.GetDirectoryName(host.ForDefinitions.MonitorSocketOf("any"))!;
        if (store.Origin == StoreOrigin.Continued || !Directory.Exists(sockets))
        {
            return;
        }

        foreach (string socket in Directory.EnumerateFiles(sockets).Order(StringComparer.Ordinal))
        {
            if (Guid.TryParseExact(Path.GetFileName(socket), "D", out Guid launch) && QemuLauncher.FindLaunch(Path.GetFileName(socket)) is [{ } process])
            {
                await TakeOverAsync(store, new LaunchId(launch), process, socket, log);
            }
        }
    }

    private static async Task TakeOverAsync(AgentStore store, LaunchId launch, QemuProcessIdentity process, string socket, ILogger log)
    {
        (string vm, string uuid) = ProcessTable.GuestOf(process.Pid);
        if (vm.Length == 0 || VmRecords.Load(store, vm) is var known && known.Launches.ContainsKey(launch))
        {
            return;
        }

        (string state, string migration) = await AskAsync(socket);
        if (state != "running" || !s_settled.Contains(migration))
        {
            LogLeft(log, vm, process.Pid, state, migration, socket);
            return;
        }

        LaunchRecord found = new(launch, LaunchOrigin.Adopted, $"name: {vm}\nuuid: {uuid}\nadopt: {{ qmpSocket: \"{socket}\" }}\n", socket, process.ToString());
        await store.AppendAsync(vm, [RecordCodec.Of(found), RecordCodec.OfResident(launch)]);
        LogTaken(log, vm, process.Pid, launch.Value);
    }

    /// <summary>Empty words when the monitor does not answer: nothing is known then.</summary>
    private static async Task<(string State, string Migration)> AskAsync(string socket)
    {
        try
        {
            using CancellationTokenSource limit = new(s_answerWithin);
            await using QmpConnection monitor = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(socket), new QmpOptions(), limit.Token);
            RunStatus run = await monitor.QueryStatusAsync(s_answerWithin, limit.Token);
            MigrationInfo migration = await monitor.QueryMigrateAsync(s_answerWithin, limit.Token);
            return (run.Status, migration.Status ?? "");
        }
        catch (Exception e) when (e is QmpException or OperationCanceledException or IOException)
        {
            return ("", "");
        }
    }

    [LoggerMessage(3101, LogLevel.Warning, "VM {Vm}: this agent's state is new and its QEMU (pid {Pid}, launch {Launch}) runs: taken over as it is", EventName = "OrphanedGuestTaken")]
    private static partial void LogTaken(ILogger log, string vm, int pid, Guid launch);

    [LoggerMessage(
        3102, LogLevel.Error,
        "VM {Vm}: this agent's state is new, and a QEMU of it (pid {Pid}) is '{State}' with migration '{Migration}' at {Socket}: it is left as it is, a person must decide (docs/runbooks/wiped-agent-state.md)",
        EventName = "OrphanedQemuLeft")]
    private static partial void LogLeft(ILogger log, string vm, int pid, string state, string migration, string socket);
}
