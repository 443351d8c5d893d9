using System.Net.Sockets;
using System.Text.Json;

namespace Coordinator.Agent.Processes;

/// <summary>What an agent asks of its host's <see cref="GuestKeeper"/>. Without a command it asks only for the answer: whatever was asked before is then carried out.</summary>
/// <param name="Command">The program and its arguments; empty for none.</param>
/// <param name="Output">File of its stdout and stderr.</param>
/// <param name="Monitor">Path of the listening socket that it gets as descriptor 3.</param>
internal sealed record KeeperRequest(IReadOnlyList<string> Command, string Output, string Monitor)
{
    public static readonly KeeperRequest Nothing = new([], "", "");
}

/// <param name="Pid">0 when nothing was started.</param>
/// <param name="Refused">Why not; null when nothing was wrong.</param>
internal sealed record KeeperAnswer(int Pid, string? Refused);

/// <summary>One line of JSON each way, then one byte of the agent that says it has the process.</summary>
internal static class KeeperMessages
{
    /// <summary>Of one side for the other: a line is sent at once or never, and to start a process takes milliseconds.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public const byte Taken = (byte)'t';

    /// <summary>A command line of QEMU has a few KiB; Linux allows 2 MiB.</summary>
    private const int BytesAtMost = 4 * 1024 * 1024;

    public static async Task SendAsync<T>(Socket to, T message, CancellationToken cancellation)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message), (byte)'\n'];
        for (int sent = 0; sent < line.Length;)
        {
            sent += await to.SendAsync(line.AsMemory(sent), cancellation);
        }
    }

    /// <returns>Null when the other side went away before the end of its line.</returns>
    /// <exception cref="IOException">Something else than a message.</exception>
    public static async Task<T?> ReceiveAsync<T>(Socket from, CancellationToken cancellation)
        where T : class
    {
        using MemoryStream line = new();
        byte[] part = new byte[64 * 1024];
        while (line.Length < BytesAtMost)
        {
            int count = await from.ReceiveAsync(part, cancellation);
            if (count == 0)
            {
                return null;
            }

            line.Write(part, 0, count);
            if (part[count - 1] == '\n')
            {
                return Read<T>(line.ToArray());
            }
        }

        throw new IOException("a line of more than 4 MiB is no message");
    }

    private static T? Read<T>(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line);
        }
        catch (JsonException e)
        {
            throw new IOException($"not a message: {e.Message}", e);
        }
    }
}
