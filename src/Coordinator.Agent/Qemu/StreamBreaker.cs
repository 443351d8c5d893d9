using System.Buffers.Binary;
using System.ComponentModel;
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

    /// <summary>
    /// The connections of the process to <paramref name="streamUri"/>, each ended.
    /// </summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">The kernel refuses, with its reason.</exception>
    public static int Break(int pid, string streamUri)
    {
        IReadOnlyList<TcpConnection> connections = TcpConnection.OfStream(pid, streamUri);
        foreach (TcpConnection connection in connections)
        {
            Destroy(connection);
        }

        return connections.Count;
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

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, byte[] buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, [Out] byte[] buffer, nuint length, int flags);
}
