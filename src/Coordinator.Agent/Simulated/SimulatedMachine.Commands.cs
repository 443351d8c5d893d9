using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Coordinator.Domain.QemuModel;
using Model = Coordinator.Domain.QemuModel.Qemu;

namespace Coordinator.Agent.Simulated;

/// <summary>The commands of QMP that a host agent uses, answered as QEMU 10.0.2 answers them.</summary>
internal sealed partial class SimulatedMachine
{
    private static readonly string[] s_capabilityNames =
    [
        "xbzrle", "rdma-pin-all", "auto-converge", "zero-blocks", "events", "postcopy-ram", "x-colo", "release-ram", "return-path", "pause-before-switchover", "multifd",
        "dirty-bitmaps", "postcopy-blocktime", "late-block-activate", "x-ignore-shared", "validate-uuid", "background-snapshot", "zero-copy-send", "postcopy-preempt",
        "switchover-ack", "dirty-limit", "mapped-ram",
    ];

    /// <summary>Whether QEMU takes it out of band, which is: at once, also while the main lock is held.</summary>
    public static bool IsOutOfBand(string command) => command is "yank" or "migrate-recover" or "migrate-pause";

    /// <summary>Resolves names, which must not be done under the gate.</summary>
    /// <exception cref="QmpFailure">Refused.</exception>
    public async Task<JsonNode> ExecuteAsync(string command, JsonObject arguments)
    {
        if (command == "migrate-incoming")
        {
            return await ListenAsync(Text(arguments, "uri"));
        }

        lock (_gate)
        {
            return Execute(command, arguments);
        }
    }

    private JsonNode Execute(string command, JsonObject arguments) => command switch
    {
        "qmp_capabilities" => throw new QmpFailure("Capabilities negotiation is already complete, command ignored", QmpFailure.NoSuchCommand),
        "query-status" => new JsonObject { ["status"] = Self.Run.ToQmp(), ["running"] = Self.GuestRuns },
        "query-migrate" => QueryMigrate(),
        "query-migrate-capabilities" => new JsonArray([.. s_capabilityNames.Select(name => new JsonObject { ["capability"] = name, ["state"] = _capabilities.Contains(name) })]),
        "query-version" => MonitorGreeting.Version(),
        "query-uuid" => new JsonObject { ["UUID"] = _line.Uuid.ToString("D") },
        "qom-get" => MachineType(arguments),
        "x-query-virtio" => _line.Devices.Count > 0 ? _rings.List() : throw new QmpFailure("No virtio devices found"),
        "x-query-virtio-status" => _rings.StatusOf(Device(arguments), Self.GuestRuns, Self.Rings),
        "x-query-virtio-queue-status" => QueueStatus(arguments),
        "migrate-set-capabilities" => SetCapabilities(arguments),
        "migrate-set-parameters" => SetParameters(arguments),
        "migrate" => Migrate(Text(arguments, "uri")),
        "migrate-continue" => MigrateContinue(Text(arguments, "state")),
        "migrate_cancel" => Cancel(),
        "yank" => Yank(),
        "cont" => Done(QemuCommand.Cont),
        "stop" => Done(QemuCommand.Stop),
        "system_reset" => Reset(),
        "set-action" or "announce-self" => Nothing(),
        "quit" => Quit(),
        _ => throw new QmpFailure($"The command {command} has not been found", QmpFailure.NoSuchCommand),
    };

    private JsonObject Done(QemuCommand command)
    {
        QemuOutcome outcome = Model.Execute(_pair, _side, command);
        switch (outcome.Reply.Kind)
        {
            case QemuReplyKind.Ok:
                Become(outcome.Choices[0]);
                Advance();
                return Nothing();
            case QemuReplyKind.Error:
                throw new QmpFailure(outcome.Reply.Text!, outcome.Reply.Text == QemuErrors.InstanceNotFound ? QmpFailure.NoSuchDevice : QmpFailure.Generic);
            default:
                throw new QmpFailure("the model of QEMU does not say what happens here");
        }
    }

    private JsonObject QueryMigrate()
    {
        MigrationStatus status = Model.Observe(_pair, _side)?.Status ?? Self.Status;
        JsonObject reply = status == MigrationStatus.None ? [] : new JsonObject { ["status"] = status.ToQmp() };
        if (_side == Side.Destination)
        {
            if (Self.Incoming && _port != 0)
            {
                reply["socket-address"] = new JsonArray(new JsonObject { ["type"] = "inet", ["host"] = "0.0.0.0", ["port"] = _port.ToString(CultureInfo.InvariantCulture) });
            }

            return reply;
        }

        if (status is MigrationStatus.Failed && _error.Length > 0)
        {
            reply["error-desc"] = _error;
        }

        if (status is not (MigrationStatus.None or MigrationStatus.Setup))
        {
            long sent = Interlocked.Read(ref _sentBytes);
            long total = _line.CopyBytes + _line.TailBytes;
            reply["total-time"] = _switchover.TotalMs;
            reply["setup-time"] = 0;
            reply[status == MigrationStatus.Completed ? "downtime" : "expected-downtime"] = status == MigrationStatus.Completed ? _switchover.DowntimeMs : 300;
            reply["ram"] = new JsonObject
            {
                ["total"] = total,
                ["remaining"] = status == MigrationStatus.Completed ? 0 : Math.Max(0, total - sent),
                ["transferred"] = sent,
                ["normal"] = sent / 4096,
                ["normal-bytes"] = sent,
                ["duplicate"] = 0,
                ["page-size"] = 4096,
                ["dirty-sync-count"] = status == MigrationStatus.Active ? 1 : 2,
                ["dirty-pages-rate"] = 0,
                ["pages-per-second"] = 0,
                ["mbps"] = 0.0,
                ["precopy-bytes"] = Math.Min(sent, _line.CopyBytes),
                ["downtime-bytes"] = Math.Max(0, sent - _line.CopyBytes),
                ["postcopy-bytes"] = 0,
                ["postcopy-requests"] = 0,
                ["multifd-bytes"] = 0,
            };
        }

        return reply;
    }

    private JsonObject Migrate(string uri)
    {
        if (!uri.StartsWith("tcp:", StringComparison.Ordinal))
        {
            throw new QmpFailure($"unknown migration protocol: {uri}");
        }

        // One that has moved is the source of its next migration; and the end of an old stream is no part of a new one.
        (QemuPair, Side) before = (_pair, _side);
        bool hasMoved = _side == Side.Destination && !Self.Incoming;
        QemuPair asked = hasMoved ? Model.Onward(_pair) : _pair;
        if (hasMoved || (_side == Side.Source && !Self.Status.IsInProgress()))
        {
            asked = asked with { Destination = default, Stream = default };
        }

        (_pair, _side) = (asked, hasMoved ? Side.Source : _side);
        try
        {
            JsonObject done = Done(QemuCommand.Migrate);
            _error = "";
            _switchover.Began();
            Interlocked.Exchange(ref _sentBytes, 0);
            _stream?.Dispose();
            _stream = null;
            int attempt = Interlocked.Increment(ref _attempt);
            _ = Task.Run(() => ConnectAsync(uri, attempt));
            return done;
        }
        catch (QmpFailure)
        {
            (_pair, _side) = before;
            throw;
        }
    }

    private JsonObject MigrateContinue(string state)
    {
        MigrationStatus expected = MigrationStatusWords.Parse(state);
        JsonObject done = Done(QemuCommand.MigrateContinue(expected));
        if (Self.Phase == SourcePhase.Continuing)
        {
            int attempt = _attempt;
            _ = Task.Run(() => ContinueAsync(attempt));
        }

        return done;
    }

    /// <summary>What of the stream is still under way when it is cancelled belongs to nobody any more.</summary>
    private JsonObject Cancel()
    {
        bool inProgress = _side == Side.Source && Self.Status.IsInProgress();
        JsonObject done = Done(QemuCommand.MigrateCancel);
        if (inProgress)
        {
            Interlocked.Increment(ref _attempt);
            _stream?.Shutdown();
        }

        return done;
    }

    private JsonObject Yank()
    {
        JsonObject done = Done(QemuCommand.Yank);
        _stream?.Shutdown();
        return done;
    }

    private JsonObject Reset()
    {
        JsonObject done = Done(QemuCommand.SystemReset);
        _rings.Reset();
        Tell("RESET", new JsonObject { ["guest"] = false, ["reason"] = "host-qmp-system-reset" });
        return done;
    }

    private JsonObject Quit()
    {
        Tell("SHUTDOWN", new JsonObject { ["guest"] = false, ["reason"] = "host-qmp-quit" });
        return Done(QemuCommand.Quit);
    }

    private JsonObject SetCapabilities(JsonObject arguments)
    {
        HashSet<string> wanted = new(_capabilities, StringComparer.Ordinal);
        foreach (JsonNode? item in arguments["capabilities"] as JsonArray ?? [])
        {
            string name = item!["capability"]!.GetValue<string>();
            if (!s_capabilityNames.Contains(name, StringComparer.Ordinal))
            {
                throw new QmpFailure($"Parameter 'capability' does not accept value '{name}'");
            }

            _ = item["state"]!.GetValue<bool>() ? wanted.Add(name) : wanted.Remove(name);
        }

        QemuCapabilities known = (wanted.Contains("return-path") ? QemuCapabilities.ReturnPath : QemuCapabilities.None)
            | (wanted.Contains("pause-before-switchover") ? QemuCapabilities.PauseBeforeSwitchover : QemuCapabilities.None);
        JsonObject done = Done(QemuCommand.SetCapabilities(known));
        _capabilities.Clear();
        _capabilities.UnionWith(wanted);
        return done;
    }

    private JsonObject SetParameters(JsonObject arguments)
    {
        if (arguments["max-bandwidth"] is { } bandwidth)
        {
            Interlocked.Exchange(ref _bandwidthBytesPerSec, bandwidth.GetValue<long>());
        }

        return Nothing();
    }

    private async Task<JsonNode> ListenAsync(string uri)
    {
        lock (_gate)
        {
            // Asked before anything is bound, and carried out afterwards: a failed bind leaves the machine as it was.
            QemuOutcome outcome = Model.Execute(_pair, _side, QemuCommand.MigrateIncoming);
            if (outcome.Reply.Kind == QemuReplyKind.Error)
            {
                throw new QmpFailure(outcome.Reply.Text!);
            }
        }

        try
        {
            System.Net.IPEndPoint address = await SimulatedStream.EndPointAsync(uri, _stop.Token);
            lock (_gate)
            {
                Listen(address);
                return Done(QemuCommand.MigrateIncoming);
            }
        }
        catch (Exception e) when (e is SocketException or FormatException)
        {
            throw new QmpFailure($"Failed to listen on {uri}: {e.Message}");
        }
    }

    private JsonObject QueueStatus(JsonObject arguments)
    {
        SimulatedDevice device = Device(arguments);
        int queue = arguments["queue"]?.GetValue<int>() ?? throw new QmpFailure("Parameter 'queue' is missing");
        return queue >= 0 && queue < device.QueueCount ? _rings.QueueOf(device, queue, Self.Rings)
            : throw new QmpFailure(string.Create(CultureInfo.InvariantCulture, $"Invalid virtqueue number {queue}"));
    }

    private SimulatedDevice Device(JsonObject arguments)
    {
        string path = Text(arguments, "path");
        return _rings.Find(path) ?? throw new QmpFailure($"Path {path} is not a realized VirtIODevice");
    }

    private JsonValue MachineType(JsonObject arguments) =>
        (Text(arguments, "path"), Text(arguments, "property")) == ("/machine", "type")
            ? JsonValue.Create(_line.MachineType + "-machine")
            : throw new QmpFailure($"Property '{Text(arguments, "path")}.{Text(arguments, "property")}' not found");

    private static string Text(JsonObject arguments, string name) =>
        arguments[name] is JsonValue value && value.TryGetValue(out string? text) ? text : throw new QmpFailure($"Parameter '{name}' is missing");

    private static JsonObject Nothing() => [];
}
