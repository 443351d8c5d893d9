using System.Text.Json;
using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>QMP's commands as the model knows them.</summary>
public static class TraceCommands
{
    private static readonly IReadOnlyDictionary<string, QemuCapabilities> s_capabilities = new Dictionary<string, QemuCapabilities>(StringComparer.Ordinal)
    {
        ["return-path"] = QemuCapabilities.ReturnPath,
        ["pause-before-switchover"] = QemuCapabilities.PauseBeforeSwitchover,
    };

    /// <summary>Null for a command that neither changes nor shows what the model is about (parameters, announcements, virtio queries).</summary>
    /// <param name="name">As QEMU spells it.</param>
    /// <param name="arguments">As JSON.</param>
    /// <param name="lane">See <see cref="CommandSent.Lane"/>.</param>
    /// <param name="reply">Null: never answered.</param>
    /// <exception cref="FormatException">The arguments are not what QEMU takes.</exception>
    public static TraceCommand? Of(string name, string? arguments, string lane, TraceReply? reply)
    {
        TraceCommand Known(QemuCommand command) => new(name, lane) { Command = command, Reply = reply };

        return name switch
        {
            "query-status" or "query-migrate" => new TraceCommand(name, lane) { Reply = reply },
            "migrate-incoming" => Known(QemuCommand.MigrateIncoming),
            "migrate" => Known(QemuCommand.Migrate),
            "migrate-continue" => Known(QemuCommand.MigrateContinue(MigrationStatusWords.Parse(Field(arguments, "state")))),
            "migrate_cancel" => Known(QemuCommand.MigrateCancel),
            "cont" => Known(QemuCommand.Cont),
            "stop" => Known(QemuCommand.Stop),
            "quit" => Known(QemuCommand.Quit),
            "system_reset" => Known(QemuCommand.SystemReset),
            "yank" => Known(QemuCommand.Yank),
            "migrate-set-capabilities" => Capabilities(arguments, lane, reply),
            _ => null,
        };
    }

    private static string? Field(string? arguments, string field)
    {
        using JsonDocument? json = arguments is null ? null : Parsed(arguments);
        return json?.RootElement.TryGetProperty(field, out JsonElement value) == true ? value.GetString() : null;
    }

    private static TraceCommand Capabilities(string? arguments, string lane, TraceReply? reply)
    {
        QemuCapabilities named = QemuCapabilities.None, on = QemuCapabilities.None;
        using JsonDocument json = Parsed(arguments ?? "{}");
        if (!json.RootElement.TryGetProperty("capabilities", out JsonElement list))
        {
            throw new FormatException($"migrate-set-capabilities without capabilities: {arguments}");
        }

        foreach (JsonElement entry in list.EnumerateArray())
        {
            QemuCapabilities capability = s_capabilities.GetValueOrDefault(entry.GetProperty("capability").GetString() ?? "");
            named |= capability;
            on |= entry.GetProperty("state").GetBoolean() ? capability : QemuCapabilities.None;
        }

        return new TraceCommand("migrate-set-capabilities", lane) { Command = QemuCommand.SetCapabilities(on), Named = named, Reply = reply };
    }

    private static JsonDocument Parsed(string arguments)
    {
        try
        {
            return JsonDocument.Parse(arguments);
        }
        catch (JsonException e)
        {
            throw new FormatException($"arguments are no JSON: {arguments}", e);
        }
    }
}
