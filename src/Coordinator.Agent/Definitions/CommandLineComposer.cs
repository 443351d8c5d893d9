using System.Text;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Configuration.Documents;
using Coordinator.Agent.Simulated;
using Coordinator.Qmp;

namespace Coordinator.Agent.Definitions;

/// <summary>A definition on one host: variables expanded, the agent's own arguments added.</summary>
internal static class CommandLineComposer
{
    public static QemuCommandLine Compose(VmDefinition definition, HostVariables host, LaunchRole role, string launchId)
    {
        if (!QemuCommandLine.IsLaunchId(launchId))
        {
            throw new DefinitionException(definition.SourceName, $"'{Shown.Briefly(launchId)}' is not a launch id: a-z, 0-9 and '-', at most "
                + $"{QemuCommandLine.LaunchIdCharactersAtMost} characters.");
        }

        if (!definition.CanBeLaunched)
        {
            throw new DefinitionException(definition.SourceName, $"VM {definition.Name} has no 'args', so no host can launch it; add the arguments of its "
                + "QEMU, without its monitor.");
        }

        var expansion = new Expansion(definition, host);
        var binary = expansion.Of(definition.Content.Binary ?? host.QemuDefault);
        var arguments = definition.Content.Arguments.Select(expansion.Of).ToList();
        expansion.ThrowIfMissing();
        bool isSimulated = host.Driver == HypervisorDriver.Simulated;
        if (!isSimulated)
        {
            RefuseBinary(definition, host, binary);
        }

        // A variable may have brought in what the text of the definition did not show.
        ReservedOptions.Check(arguments, (_, sentence) =>
            throw new DefinitionException(definition.SourceName, $"with the variables of host {host.HostId}, {sentence}"));

        return new QemuCommandLine(
            definition.Name,
            launchId,
            role,
            isSimulated ? SimulatedProgram.Binary : binary,
            [.. isSimulated ? SimulatedProgram.FirstArguments : [], .. OwnArguments(definition, role, launchId), .. StandbyArguments(host.MonitorSocketOf(launchId)), .. arguments],
            host.MonitorSocketOf(launchId),
            host.RunDirectoryOf(definition.Name),
            host.StateDirectoryOf(definition.Name),
            QemuMemory.Read(arguments, definition.Content.MemoryMiB));
    }

    public static AdoptedMonitor? Adopted(VmDefinition definition, HostVariables host)
    {
        if (definition.Content.Adopt is not { } adopt)
        {
            return null;
        }

        var expansion = new Expansion(definition, host);
        var expanded = new AdoptedMonitor(expansion.Of(adopt.QmpSocket), adopt.PidFile is null ? null : expansion.Of(adopt.PidFile));
        expansion.ThrowIfMissing();
        foreach (var path in new[] { expanded.QmpSocket, expanded.PidFile })
        {
            if (path is not null && !path.StartsWith('/'))
            {
                throw new DefinitionException(
                    definition.SourceName, $"on host {host.HostId} 'adopt' gives '{Shown.Briefly(path)}', which is not an absolute path.");
            }
        }

        return expanded;
    }

    // -no-user-config: two hosts with different files under /etc/qemu must not launch different machines.
    // -monitor none: without it every display (VNC too) carries a human monitor, where anybody can type "cont".
    // -msg: stderr is read after a failure, next to logs that have times.
    private static IEnumerable<string> OwnArguments(VmDefinition definition, LaunchRole role, string launchId)
    {
        IEnumerable<string> own =
        [
            "-name", $"guest={definition.Name},process=qemu:{definition.Name},debug-threads=on",
            "-uuid", definition.Uuid.ToString("D"),
            "-no-user-config",
            "-msg", "timestamp=on",
            "-monitor", "none",
            "-chardev", QemuCommandLine.MonitorArgument(launchId),
            "-mon", $"chardev={QemuCommandLine.ReservedIdPrefix}{launchId},mode=control",
            "-S",
        ];
        return role == LaunchRole.Incoming ? own.Concat(["-incoming", "defer"]) : own;
    }

    // A path that Linux cannot bind would keep QEMU from starting; without standby monitors it only answers a little later.
    private static IEnumerable<string> StandbyArguments(string monitor)
    {
        var sockets = QemuCommandLine.StandbySocketsOf(monitor).ToList();
        return sockets.Any(socket => Encoding.UTF8.GetByteCount(socket) > QmpEndpoint.UnixPathLimitBytes)
            ? []
            : sockets.SelectMany((socket, i) => new[]
            {
                "-chardev", $"socket,id={QemuCommandLine.ReservedIdPrefix}standby.{i + 1},path={socket.Replace(",", ",,", StringComparison.Ordinal)},server=on,wait=off",
                "-mon", $"chardev={QemuCommandLine.ReservedIdPrefix}standby.{i + 1},mode=control",
            });
    }

    private static void RefuseBinary(VmDefinition definition, HostVariables host, string binary)
    {
        if (binary != host.QemuDefault && !host.QemuAllowed.Contains(binary, StringComparer.Ordinal))
        {
            throw new DefinitionException(definition.SourceName,
                $"host {host.HostId} does not allow the QEMU binary {Shown.Briefly(binary)}; it allows "
                    + $"{Shown.List(host.QemuAllowed.Prepend(host.QemuDefault).Distinct(StringComparer.Ordinal))}. "
                + "Add it to 'qemu.allowed' in the configuration of that host, or remove 'binary' to take its default.");
        }
    }

    /// <summary>Nearest wins: this guest on this host, then the host, then the definition's defaults.</summary>
    private sealed class Expansion(VmDefinition definition, HostVariables host)
    {
        private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);

        public string Of(string text) => VariableText.Expand(text, ValueOf, name => _missing.Add(name));

        public void ThrowIfMissing()
        {
            if (_missing.Count > 0)
            {
                throw new DefinitionException(definition.SourceName, [.. _missing.Select(name => new DocumentProblem(null, null,
                    $"the variable ${{{name}}} has no value on host {host.HostId}; add it under hosts.{host.HostId} of the definition, or under 'variables' in "
                        + "the configuration of that host."))]);
            }
        }

        private string? ValueOf(string name) => name switch
        {
            "name" => definition.Name,
            "uuid" => definition.Uuid.ToString("D"),
            "host" => host.HostId,
            "stateDir" => host.StateDirectoryOf(definition.Name),
            "runDir" => host.RunDirectoryOf(definition.Name),
            _ => definition.Content.Hosts.GetValueOrDefault(host.HostId)?.GetValueOrDefault(name)
                ?? host.Variables.GetValueOrDefault(name)
                ?? definition.Content.Variables.GetValueOrDefault(name),
        };
    }
}
