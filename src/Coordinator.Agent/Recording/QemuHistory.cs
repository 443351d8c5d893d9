using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Coordinator.Agent.Qemu;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Qmp;

namespace Coordinator.Agent.Recording;

/// <summary>What goes over the monitors of one QEMU of this host, and its end.</summary>
internal sealed class QemuHistory(AgentHistory agent, VmName vm, Copy copy)
{
    /// <summary>Commands that change or show what a migration does; virtio queries, parameters and announcements are none.</summary>
    private static readonly FrozenSet<string> s_commands = FrozenSet.Create(
        StringComparer.Ordinal,
        "query-status", "query-migrate", "migrate-incoming", "migrate", "migrate-continue", "migrate_cancel", "cont", "stop", "quit", "system_reset", "yank",
        "migrate-set-capabilities");

    private static readonly FrozenSet<string> s_events = FrozenSet.Create(StringComparer.Ordinal, "STOP", "RESUME", "MIGRATION");

    public void Launched(int pid, bool incoming) => agent.Writer.Add(new QemuLaunched(HistoryClock.NowMicros(), vm, copy, pid, incoming, ByObserver: false));

    public void Exited() => agent.Writer.Add(new QemuExited(HistoryClock.NowMicros(), vm, copy, ByObserver: false));

    public void Heard(QmpEvent happened)
    {
        if (s_events.Contains(happened.Name))
        {
            agent.Writer.Add(new EventSeen(HostClock.Micros(happened.Timestamp), vm, copy, happened.Name, TextOf(happened.Data, "status"), ByObserver: false));
        }
    }

    /// <summary>For one more connection to one of its monitors.</summary>
    public IQmpTap Connection() => new Tap(this, agent.Writer.NextOperation());

    private static string? TextOf(JsonElement data, string field) => data.ValueKind == JsonValueKind.Object && data.TryGetProperty(field, out JsonElement text) ? text.GetString() : null;

    /// <summary>Both members are called under the connection's gate.</summary>
    private sealed class Tap(QemuHistory qemu, string lane) : IQmpTap
    {
        private readonly Dictionary<long, string> _open = [];

        public void Sending(long number, QmpCommand command, bool isOutOfBand)
        {
            if (!s_commands.Contains(command.Name))
            {
                return;
            }

            string operation = string.Create(CultureInfo.InvariantCulture, $"{lane}.{number}");
            _open.Add(number, operation);
            qemu.Add(now => new CommandSent(now, qemu.Vm, qemu.Copy, operation, isOutOfBand ? lane + ".oob" : lane, command.Name, command.ArgumentsText));
        }

        public void Answered(long number, in QmpReply reply)
        {
            if (!_open.Remove(number, out string? operation))
            {
                return;
            }

            JsonElement result = reply.IsError ? default : reply.Result;
            string? error = reply.Error?.Description;
            string? run = reply.Command == "query-status" ? TextOf(result, "status") : null;
            string? status = reply.Command == "query-migrate" && error is null ? TextOf(result, "status") ?? "none" : null;
            qemu.Add(now => new CommandReplied(now, qemu.Vm, qemu.Copy, operation, error, run, status));
        }
    }

    private VmName Vm => vm;

    private Copy Copy => copy;

    private void Add(Func<long, HistoryRecord> record) => agent.Writer.Add(record(HistoryClock.NowMicros()));
}
