using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Lab.Deployments;

/// <summary>
/// Sockets of another network namespace. A socket belongs for ever to the namespace of the thread that made it, so one short-lived thread joins the namespace and makes it;
/// everything else, and every socket accepted from it, needs no thread of its own.
/// </summary>
public static partial class NamespaceSocket
{
    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET, linux/sched.h

    public static Socket Tcp(string networkNamespace)
    {
        Socket made = Make(networkNamespace, SocketType.Stream, ProtocolType.Tcp);
        made.NoDelay = true;
        return made;
    }

    public static Socket Udp(string networkNamespace) => Make(networkNamespace, SocketType.Dgram, ProtocolType.Udp);

    private static Socket Make(string networkNamespace, SocketType type, ProtocolType protocol)
    {
        Socket? made = null;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                // ReadWrite sharing keeps .NET from locking the file, which nsfs does not offer.
                using SafeFileHandle file = File.OpenHandle($"/run/netns/{networkNamespace}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                if (SetNamespace(file, NetworkNamespace) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                made = new Socket(AddressFamily.InterNetwork, type, protocol);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception or SocketException)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return made ?? throw new InvalidOperationException($"no socket in the namespace {networkNamespace}: {failure?.Message}", failure);
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
