using Xunit;

namespace Coordinator.Agent.Tests.Configuration;

public static class HostConfigurationTexts
{
    public const string Full = """
        hostId: host-a
        stateDirectory: /var/lib/coordinator/
        runDirectory: /run/coordinator
        coordinators:
          - https://coordinator-1.example:5080
          - https://127.0.0.1:5081/
        handoff: { listen: "0.0.0.0:5090", advertise: host-a.example:15090 }
        migrationStream: { listen: "10.1.0.5:49152-49215", advertise: 192.0.2.5 }
        tls: { certificate: /etc/coordinator/tls/certificate.pem, key: /etc/coordinator/tls/key.pem, authorities: /etc/coordinator/tls/authorities.pem, revoked: /etc/coordinator/tls/revoked.pem }
        qemu: { default: /opt/qemu/bin/qemu-system-x86_64, allowed: [/usr/libexec/qemu-kvm], scope: always }
        memoryReserveMiB: 2048
        variables: { bridge: br0, vlan: 7 }
        """;

    private static readonly (string Key, string Value)[] Smallest =
    [
        ("hostId", "host-a"),
        ("stateDirectory", "/s"),
        ("runDirectory", "/r"),
        ("coordinators", "[http://127.0.0.1:5080]"),
        ("handoff", "{listen: '127.0.0.1:0'}"),
        ("migrationStream", "{listen: '127.0.0.1:0'}"),
    ];

    public static string Small => string.Concat(Smallest.Select(line => $"{line.Key}: {line.Value}\n"));

    /// <summary>The small text with one key replaced, added, or (value null) left out.</summary>
    public static string With(string key, string? value) =>
        string.Concat(Smallest.Where(line => line.Key != key).Append((key, value!)).Where(line => line.Item2 is not null)
            .Select(line => $"{line.Item1}: {line.Item2}\n"));

    /// <summary>The same with certificates.</summary>
    public static string WithTls(string key, string? value) =>
        With(key, value).Replace("http://", "https://", StringComparison.Ordinal) + "tls: { certificate: /c.pem, key: /k.pem, authorities: /a.pem }\n";

    public static TheoryData<string> Accepted =>
    [
        Full,
        Small,
        With("handoff", "{listen: '[::1]:5090'}"),
        With("handoff", "{listen: '127.0.0.1:0', advertise: localhost}"),
        WithTls("handoff", "{listen: '[fd00::5]:5090'}"),
        WithTls("handoff", "{listen: '[::]:0', advertise: '[fd00::5]'}"),
        With("migrationStream", "{listen: '0.0.0.0:49152', advertise: host-a}"),
        With("memoryReserveMiB", "0"),
        With("qemu", "{}"),
        With("qemu", "{scope: never, keeper: /run/coordinator/keeper.sock}"),
        With("limits", "{}"),
        With("limits", "{outgoing: 1, incoming: 1000, bandwidthMiBPerSec: 1250}"),
        With("driver", "qemu"),
        With("driver", "simulated"),
    ];

    public static TheoryData<string, string?> RefusedShapes => new()
    {
        { "hostId", null },
        { "hostId", "Host_A" },
        { "driver", "xen" },
        { "driver", "[qemu]" },
        { "hostId", "7" },
        { "stateDirectory", null },
        { "stateDirectory", "var/lib" },
        { "stateDirectory", "'/a,b'" },
        { "runDirectory", null },
        { "runDirectory", "/" + new string('r', 66) },
        { "coordinators", null },
        { "coordinators", "[]" },
        { "coordinators", "https://a:1" },
        { "coordinators", "[ftp://a:1]" },
        { "coordinators", "[https://a:1/path]" },
        { "coordinators", "[https://user@a:1]" },
        { "coordinators", "[1]" },
        { "handoff", null },
        { "handoff", "127.0.0.1:1" },
        { "handoff", "{}" },
        { "handoff", "{listen: 5090}" },
        { "handoff", "{listen: 10.0.0.5}" },
        { "handoff", "{listen: 'host-a:5090'}" },
        { "handoff", "{listen: '10.0.0.5:5090', advertise: 'a b'}" },
        { "handoff", "{listen: '10.0.0.5:5090', port: 7}" },
        { "migrationStream", null },
        { "migrationStream", "{listen: '10.0.0.5:a-b'}" },
        { "migrationStream", "{listen: '10.0.0.5:1-2', advertise: 'host-a:49152'}" },
        { "qemu", "qemu-system-x86_64" },
        { "qemu", "{default: qemu-system-x86_64}" },
        { "qemu", "{allowed: /usr/bin/q}" },
        { "qemu", "{scope: sometimes}" },
        { "qemu", "{keeper: keeper.sock}" },
        { "qemu", "{scope: always, keeper: /run/coordinator/keeper.sock}" },
        { "memoryReserveMiB", "-1" },
        { "memoryReserveMiB", "1.5" },
        { "memoryReserveMiB", "'512'" },
        { "limits", "2" },
        { "limits", "{outgoing: 0}" },
        { "limits", "{incoming: 1001}" },
        { "limits", "{bandwidthMiBPerSec: fast}" },
        { "limits", "{parallel: 2}" },
        { "variables", "{host: x}" },
        { "variables", "{a: [1]}" },
        { "colour", "blue" },
        { "tls", "/etc/tls" },
        { "tls", "{certificate: /c, key: /k}" },
        { "tls", "{certificate: c.pem, key: /k, authorities: /a}" },
        { "tls", "{certificate: /c, key: /k, authorities: /a, ca: /b}" },
    };
}
