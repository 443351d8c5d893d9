using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Agent.Qemu;

/// <summary>One established TCP connection of a QEMU, as /proc shows it.</summary>
/// <param name="Descriptor">The number of its socket in that process.</param>
internal sealed record TcpConnection(AddressFamily Family, IPEndPoint Local, IPEndPoint Remote, int Descriptor)
{
    private const string EstablishedState = "01";

    /// <summary>The connections of the process to <paramref name="streamUri"/>: several with multifd, none before QEMU has connected, and for a stream that is not TCP.</summary>
    public static IReadOnlyList<TcpConnection> OfStream(int pid, string streamUri)
    {
        if (PortOf(streamUri) is not { } port)
        {
            return [];
        }

        Dictionary<long, int> descriptors = Sockets(pid);
        return [.. Table(pid, "tcp", AddressFamily.InterNetwork, descriptors).Concat(Table(pid, "tcp6", AddressFamily.InterNetworkV6, descriptors)).Where(connection => connection.Remote.Port == port)];
    }

    private static int? PortOf(string streamUri)
    {
        int colon = streamUri.LastIndexOf(':');
        return streamUri.StartsWith("tcp:", StringComparison.Ordinal) && int.TryParse(streamUri.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : null;
    }

    /// <summary>Descriptors by inode.</summary>
    private static Dictionary<long, int> Sockets(int pid)
    {
        Dictionary<long, int> sockets = [];
        foreach (string path in Directory.EnumerateFiles($"/proc/{pid}/fd"))
        {
            // "socket:[12345]"; a descriptor that was closed in between is no socket of interest.
            string? target = new FileInfo(path).LinkTarget;
            if (target is ['s', 'o', 'c', 'k', 'e', 't', ':', '[', .. var number, ']'] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long inode))
            {
                sockets[inode] = int.Parse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture);
            }
        }

        return sockets;
    }

    /// <summary>/proc/PID/net shows the network namespace of that process.</summary>
    private static IEnumerable<TcpConnection> Table(int pid, string file, AddressFamily family, Dictionary<long, int> descriptors)
    {
        string path = $"/proc/{pid}/net/{file}";
        if (!File.Exists(path))
        {
            yield break;
        }

        foreach (string line in File.ReadLines(path).Skip(1))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == EstablishedState && descriptors.TryGetValue(long.Parse(fields[9], CultureInfo.InvariantCulture), out int descriptor))
            {
                yield return new TcpConnection(family, EndPointOf(fields[1]), EndPointOf(fields[2]), descriptor);
            }
        }
    }

    /// <summary>"0100007F:1F90": the address as 32-bit words of the machine, the port as a number.</summary>
    private static IPEndPoint EndPointOf(string text)
    {
        string[] parts = text.Split(':');
        byte[] address = Convert.FromHexString(parts[0]);
        if (BitConverter.IsLittleEndian)
        {
            for (int word = 0; word < address.Length; word += 4)
            {
                Array.Reverse(address, word, 4);
            }
        }

        return new IPEndPoint(new IPAddress(address), int.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }
}
