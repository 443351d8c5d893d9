using System.Net.Sockets;

namespace Coordinator.Agent.Processes;

/// <summary>
/// Waits until a QEMU that was just launched has made its machine. Its greeting does not say so: it comes from the monitor's own thread, before the
/// devices exist (a bad -device exits after it; measured on 7.2.22).
/// The first command is answered by the main loop, which starts last. This is all the QMP that is spoken here; the connection is closed afterwards,
/// so that the QMP client negotiates its own.
/// </summary>
internal static class MonitorProbe
{
    /// <summary>The greeting has 150-200 bytes, the answer 16. More is not QEMU.</summary>
    private const int BytesAtMost = 16 * 1024;

    private static ReadOnlySpan<byte> Answer => "\"return\""u8;

    /// <returns>False when the other side closed the connection first.</returns>
    public static async Task<bool> AnswersAsync(Socket monitor, CancellationToken cancellation)
    {
        var received = new byte[BytesAtMost];
        var length = 0;
        try
        {
            // Sent at once: QEMU reads it when it comes up, which saves waiting for the greeting.
            await monitor.SendAsync("{\"execute\":\"qmp_capabilities\"}"u8.ToArray(), cancellation);
            while (length < BytesAtMost)
            {
                var count = await monitor.ReceiveAsync(received.AsMemory(length), cancellation);
                if (count == 0)
                {
                    return false;
                }

                length += count;
                if (received.AsSpan(0, length).IndexOf(Answer) >= 0)
                {
                    return true;
                }
            }

            return false;
        }
        catch (SocketException)
        {
            // Reset: QEMU ended without having read the connection.
            return false;
        }
    }
}
