using System.Globalization;
using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Simulated;

/// <summary>Where one monitor listens: an inherited descriptor, or a path.</summary>
internal sealed record MonitorAddress(int? Descriptor, string? Path);

/// <summary>What goes wrong in a load, on request: for chaos and for tests of those who must notice.</summary>
internal enum LoadFault
{
    None,
    Fails,
    BrokenRing,
    OtherIndex,
}

/// <summary>
/// The part of QEMU's command line that a simulated QEMU looks at; everything else is taken and ignored, so that one definition serves both drivers. Its own option is
/// <c>-simulated copyBytes=N,tailBytes=N,copySeconds=A-B,seed=N,load=fails|broken-ring|other-index</c>.
/// </summary>
internal sealed class SimulatedCommandLine
{
    /// <summary>About what an empty guest of 64 MiB sends (its pages are zero): it fits into the buffers of a connection, so the copy converges even if the other end stands still.</summary>
    private const long CopyBytesDefault = 256L << 10;

    /// <summary>Device state and last pages.</summary>
    private const long TailBytesDefault = 64L << 10;

    private readonly Dictionary<string, MonitorAddress> _sockets = new(StringComparer.Ordinal);
    private readonly List<string> _controlled = [];
    private readonly List<Dictionary<string, string>> _devices = [];
    private readonly Dictionary<string, int> _queuesOfNetdev = new(StringComparer.Ordinal);

    private SimulatedCommandLine()
    {
    }

    public Guid Uuid { get; private set; }

    public bool IsStopped { get; private set; }

    public bool IsIncoming { get; private set; }

    public string MachineType { get; private set; } = "pc-i440fx-10.0";

    public long CopyBytes { get; private set; } = CopyBytesDefault;

    public long TailBytes { get; private set; } = TailBytesDefault;

    /// <summary>How long copies take, whatever bandwidth is allowed; null: as long as their bytes do.</summary>
    public CopyTime? CopyTime { get; private set; }

    public LoadFault LoadFault { get; private set; }

    /// <summary>Control monitors in the order of the command line.</summary>
    public IReadOnlyList<MonitorAddress> Monitors => [.. _controlled.Select(id => _sockets[id])];

    public IReadOnlyList<SimulatedDevice> Devices { get; private set; } = [];

    /// <exception cref="ArgumentException">A value that a simulated QEMU must understand and does not; the message is QEMU's kind of sentence.</exception>
    public static SimulatedCommandLine Parse(IReadOnlyList<string> arguments)
    {
        SimulatedCommandLine line = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            string? value = i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-') ? arguments[i + 1] : null;
            line.Read(arguments[i], value ?? "");
            i += value is null ? 0 : 1;
        }

        line.Devices = SimulatedDevice.Plug(line._devices, line._queuesOfNetdev);
        return line;
    }

    private void Read(string option, string value)
    {
        switch (option.TrimStart('-'))
        {
            case "S":
                IsStopped = true;
                break;
            case "incoming":
                IsIncoming = value == "defer" ? true : throw new ArgumentException($"-incoming {value}: the simulated QEMU knows only 'defer'");
                break;
            case "uuid":
                Uuid = Guid.Parse(value);
                break;
            case "machine" or "M":
                MachineType = MachineOf(value.Split(',')[0]);
                break;
            case "chardev":
                Dictionary<string, string> socket = Fields(value);
                _sockets[socket.GetValueOrDefault("id", "")] = AddressOf(socket);
                break;
            case "mon":
                _controlled.Add(Fields(value).GetValueOrDefault("chardev", ""));
                break;
            case "qmp":
                string id = string.Create(CultureInfo.InvariantCulture, $"qmp.{_controlled.Count}");
                _sockets[id] = new MonitorAddress(null, Fields(value).Keys.First(key => key.StartsWith("unix:", StringComparison.Ordinal))["unix:".Length..]);
                _controlled.Add(id);
                break;
            case "device":
                _devices.Add(Fields(value));
                break;
            case "netdev":
                Dictionary<string, string> netdev = Fields(value);
                _queuesOfNetdev[netdev.GetValueOrDefault("id", "")] = int.Parse(netdev.GetValueOrDefault("queues", "1"), CultureInfo.InvariantCulture);
                break;
            case "simulated":
                ReadSimulated(Fields(value));
                break;
            default:
                break;
        }
    }

    private void ReadSimulated(Dictionary<string, string> fields)
    {
        CopyTime = fields.TryGetValue("copySeconds", out string? seconds) ? CopyTime.Parse(seconds, fields.GetValueOrDefault("seed", "0")) : null;
        foreach ((string key, string value) in fields)
        {
            switch (key)
            {
                case "copyBytes":
                    CopyBytes = long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "tailBytes":
                    TailBytes = long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "copySeconds" or "seed":
                    break;
                case "load":
                    LoadFault = value switch
                    {
                        "fails" => LoadFault.Fails,
                        "broken-ring" => LoadFault.BrokenRing,
                        "other-index" => LoadFault.OtherIndex,
                        _ => throw new ArgumentException($"-simulated load={value}: must be fails, broken-ring or other-index"),
                    };
                    break;
                default:
                    throw new ArgumentException($"-simulated: Invalid parameter '{key}'");
            }
        }
    }

    private static MonitorAddress AddressOf(Dictionary<string, string> socket) => socket.TryGetValue("fd", out string? descriptor)
        ? new MonitorAddress(int.Parse(descriptor, CultureInfo.InvariantCulture), null)
        : new MonitorAddress(null, socket.GetValueOrDefault("path", ""));

    private static string MachineOf(string name) => name switch
    {
        "pc" => "pc-i440fx-10.0",
        "q35" => "pc-q35-10.0",
        _ when name.StartsWith("type=", StringComparison.Ordinal) => MachineOf(name["type=".Length..]),
        _ => name,
    };

    /// <summary>"a,id=b,path=c,,d": a comma in a value is doubled. A word without a value is a key of its own.</summary>
    private static Dictionary<string, string> Fields(string value)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (string part in value.Replace(",,", "\0", StringComparison.Ordinal).Split(','))
        {
            string text = part.Replace('\0', ',');
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            fields[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
        }

        return fields;
    }
}
