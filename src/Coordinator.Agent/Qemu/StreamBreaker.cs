using System.Buffers.Binary;
using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// Breaks a migration stream from outside of QEMU: the kernel ends the TCP connection of that process (SOCK_DESTROY, what <c>ss -K</c> uses; needs CAP_NET_ADMIN and Linux 4.9 with
/// CONFIG_INET_DIAG_DESTROY). For a monitor that cannot be reached: while the main lock is held QEMU greets a new client and does not answer its <c>qmp_capabilities</c>, so an agent
/// that was restarted then has no way to <c>yank</c>. To QEMU it is the network fault that it is made for.
/// </summary>
internal static partial class StreamBreaker
{
    private const int NetlinkFamily = 16;
    private const int SockDiagProtocol = 4;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int NoSuchConnection = 2;
    private const ushort SockDestroyMessage = 21;
    private const ushort RequestWithAcknowledgement = 1 | 4;
    private const int HeaderBytes = 16;
    private const int RequestBytes = 56;
    private const string EstablishedState = "01";

    /// <summary>
    /// The connections of the process to <paramref name="streamUri"/>, each ended.
    /// </summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">The kernel refuses, with its reason.</exception>
    public static int Break(int pid, string streamUri)
    {
        if (PortOf(streamUri) is not { } port)
        {
            return 0;
        }

        HashSet<long> inodes = SocketInodes(pid);
        List<TcpConnection> connections = [.. Table(pid, "tcp", AddressFamily.InterNetwork).Concat(Table(pid, "tcp6", AddressFamily.InterNetworkV6))
            .Where(connection => connection.Remote.Port == port && inodes.Contains(connection.Inode))];
        foreach (TcpConnection connection in connections)
        {
            Destroy(connection);
        }

        return connections.Count;
    }

    private static int? PortOf(string streamUri)
    {
        int colon = streamUri.LastIndexOf(':');
        return streamUri.StartsWith("tcp:", StringComparison.Ordinal) && int.TryParse(streamUri.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : null;
    }

    private static HashSet<long> SocketInodes(int pid)
    {
        HashSet<long> inodes = [];
        foreach (string path in Directory.EnumerateFiles($"/proc/{pid}/fd"))
        {
            // "socket:[12345]"; a descriptor that was closed in between is no socket of interest.
            string? target = new FileInfo(path).LinkTarget;
            if (target is ['s', 'o', 'c', 'k', 'e', 't', ':', '[', .. var number, ']'] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long inode))
            {
                inodes.Add(inode);
            }
        }

        return inodes;
    }

    /// <summary>/proc/PID/net shows the network namespace of that process.</summary>
    private static IEnumerable<TcpConnection> Table(int pid, string file, AddressFamily family)
    {
        string path = $"/proc/{pid}/net/{file}";
        if (!File.Exists(path))
        {
            yield break;
        }

        foreach (string line in File.ReadLines(path).Skip(1))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == EstablishedState)
            {
                yield return new TcpConnection(family, EndPointOf(fields[1]), EndPointOf(fields[2]), long.Parse(fields[9], CultureInfo.InvariantCulture));
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

    private static void Destroy(TcpConnection connection)
    {
        // .NET's Socket knows no netlink. Unconnected, a netlink socket talks to the kernel.
        using SafeFileHandle netlink = OpenSocket(NetlinkFamily, RawCloseOnExec, SockDiagProtocol);
        byte[] request = Request(connection);
        byte[] answer = new byte[4096];
        if (netlink.IsInvalid || Send(netlink, request, (nuint)request.Length, 0) != request.Length)
        {
            throw Refused(connection, Marshal.GetLastPInvokeError());
        }

        int length = (int)Receive(netlink, answer, (nuint)answer.Length, 0);
        if (length < HeaderBytes + 4)
        {
            throw Refused(connection, Marshal.GetLastPInvokeError());
        }

        // NLMSG_ERROR with error 0 is the acknowledgement.
        int error = -BitConverter.ToInt32(answer, HeaderBytes);
        if (error is not (0 or NoSuchConnection))
        {
            throw Refused(connection, error);
        }
    }

    private static IOException Refused(TcpConnection connection, int error) =>
        new($"the kernel does not end the connection {connection.Local} to {connection.Remote}: {new Win32Exception(error).Message}");

    /// <summary>nlmsghdr, inet_diag_req_v2 (linux/inet_diag.h). Ports and addresses are in network order, the rest in the machine's.</summary>
    private static byte[] Request(TcpConnection connection)
    {
        byte[] request = new byte[HeaderBytes + RequestBytes];
        BitConverter.TryWriteBytes(request.AsSpan(0), request.Length);
        BitConverter.TryWriteBytes(request.AsSpan(4), SockDestroyMessage);
        BitConverter.TryWriteBytes(request.AsSpan(6), RequestWithAcknowledgement);
        Span<byte> body = request.AsSpan(HeaderBytes);
        body[0] = (byte)(connection.Family == AddressFamily.InterNetwork ? 2 : 10);
        body[1] = 6;
        BitConverter.TryWriteBytes(body[4..], uint.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(body[8..], (ushort)connection.Local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(body[10..], (ushort)connection.Remote.Port);
        connection.Local.Address.TryWriteBytes(body[12..28], out _);
        connection.Remote.Address.TryWriteBytes(body[28..44], out _);
        BitConverter.TryWriteBytes(body[48..], ulong.MaxValue);
        return request;
    }

    private sealed record TcpConnection(AddressFamily Family, IPEndPoint Local, IPEndPoint Remote, long Inode);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, byte[] buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, [Out] byte[] buffer, nuint length, int flags);
}
