using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Coordinator.Qmp;

/// <summary>Where a monitor listens, written as QEMU's <c>-qmp</c> option writes it: <c>unix:/path</c> or <c>tcp:host:port</c>.</summary>
public sealed record QmpEndpoint
{
    /// <summary>sun_path of Linux holds 108 bytes with its final zero.</summary>
    public const int UnixPathLimitBytes = 107;

    QmpEndpoint(string? path, string? host, int port)
    {
        Path = path;
        Host = host;
        Port = port;
    }

    public string? Path { get; }

    public string? Host { get; }

    public int Port { get; }

    /// <exception cref="ArgumentException">empty, holds a zero character, or longer than a Unix socket address allows</exception>
    public static QmpEndpoint Unix(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A socket path may not hold a zero character.", nameof(path));
        var bytes = Encoding.UTF8.GetByteCount(path);
        if (bytes > UnixPathLimitBytes)
            throw new ArgumentException($"The socket path '{path}' has {bytes} bytes; Unix allows {UnixPathLimitBytes}. Shorten it.", nameof(path));
        return new QmpEndpoint(path, host: null, port: 0);
    }

    /// <exception cref="ArgumentException">empty host, or a port outside 1..65535</exception>
    public static QmpEndpoint Tcp(string host, int port)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        if (port is < 1 or > 65535)
            throw new ArgumentException($"The port {port} is outside 1..65535.", nameof(port));
        return new QmpEndpoint(path: null, host, port);
    }

    /// <exception cref="FormatException">neither <c>unix:/path</c> nor <c>tcp:host:port</c></exception>
    public static QmpEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            if (text.StartsWith("unix:", StringComparison.Ordinal))
                return Unix(text["unix:".Length..]);
            // The port stands after the last colon, so tcp:[::1]:4444 works too.
            var colon = text.LastIndexOf(':');
            if (text.StartsWith("tcp:", StringComparison.Ordinal) && colon > "tcp:".Length
                && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
                return Tcp(text["tcp:".Length..colon].Trim('[', ']'), port);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{text}' is not a QMP address: {e.Message}", e);
        }
        throw new FormatException($"'{text}' is not a QMP address; it must be unix:/path or tcp:host:port.");
    }

    public override string ToString() =>
        Path is not null ? $"unix:{Path}"
        : Host!.Contains(':', StringComparison.Ordinal) ? $"tcp:[{Host}]:{Port.ToString(CultureInfo.InvariantCulture)}"
        : $"tcp:{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    internal Socket CreateSocket() => Path is not null
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    internal EndPoint ToSocketAddress() => Path is not null ? new UnixDomainSocketEndPoint(Path) : new DnsEndPoint(Host!, Port);
}
