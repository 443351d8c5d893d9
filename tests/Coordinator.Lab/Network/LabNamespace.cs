using System.Diagnostics;
using System.Globalization;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Network;

/// <summary>
/// A network namespace of a lab, with loopback and no IPv6. Ends with everything that still runs in it, and is swept away by the next lab when its owner was killed. Needs root.
/// </summary>
public sealed class LabNamespace : IAsyncDisposable
{
    static readonly TimeSpan EndOfProcessesLimit = TimeSpan.FromSeconds(10);

    readonly LabNamespaceName name = LabNamespaceName.Next();

    LabNamespace()
    {
    }

    public string Name => name.ToString();

    /// <exception cref="LabFailure">No root, no iproute2; nothing is left behind then.</exception>
    public static async Task<LabNamespace> Create(CancellationToken cancellation = default)
    {
        await ExternalCommand.Run(LabFolder.Installer("network.sh"), [], cancellation);
        await Sweep(cancellation);
        var made = new LabNamespace();
        try
        {
            await ExternalCommand.Run("ip", ["netns", "add", made.Name], cancellation);
            // IPv6 would add router solicitations and address checks to the frames that tests count.
            await ExternalCommand.Run("ip", ["netns", "exec", made.Name, "sh", "-c",
                "for f in /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done"], cancellation);
            await made.Ip("link", "set", "lo", "up");
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Start of a program inside. <c>ip netns exec</c> replaces itself by the program, so the process id is the program's own.</summary>
    public ProcessStartInfo Inside(string file, params IEnumerable<string> arguments) => new("ip", ["netns", "exec", Name, file, .. arguments]);

    /// <summary>A command of iproute2 in this namespace, e.g. <c>Ip("link", "set", "alpha-0", "down")</c>.</summary>
    public Task<string> Ip(params IEnumerable<string> arguments) => ExternalCommand.Run("ip", ["-n", Name, .. arguments]);

    /// <summary>Many of them by one process, in order.</summary>
    public async Task IpBatch(IEnumerable<string> commands, CancellationToken cancellation = default)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, commands, cancellation);
            await ExternalCommand.Run("ip", ["-n", Name, "-batch", file], cancellation);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Removes the namespaces of processes that no longer live; whatever still runs in them was started for them.</summary>
    public static async Task Sweep(CancellationToken cancellation = default)
    {
        var list = await ExternalCommand.Run("ip", ["netns", "list"], cancellation);
        foreach (var line in list.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (LabNamespaceName.Parse(line.Split(' ')[0]) is { Owner.IsAlive: false } abandoned)
                await Remove(abandoned, cancellation);
    }

    public async ValueTask DisposeAsync() => await Remove(name, CancellationToken.None);

    static async Task Remove(LabNamespaceName name, CancellationToken cancellation)
    {
        var (found, _, _) = await ExternalCommand.Try("ip", ["netns", "pids", name.ToString()], cancellation);
        if (found != 0)
            return; // never made, or removed by another sweep
        await Eventually.Becomes(() => EndProcesses(name), EndOfProcessesLimit, $"the processes in {name} to end", cancellation: cancellation);
        await ExternalCommand.Try("ip", ["netns", "del", name.ToString()], cancellation);
    }

    /// <returns>Null while some are left.</returns>
    static async Task<string?> EndProcesses(LabNamespaceName name)
    {
        var (_, pids, _) = await ExternalCommand.Try("ip", ["netns", "pids", name.ToString()]);
        var left = pids.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var pid in left)
        {
            try
            {
                using var process = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
                process.Kill();
            }
            catch (Exception error) when (error is ArgumentException or InvalidOperationException)
            {
                // Ended by itself meanwhile.
            }
        }
        return left.Length == 0 ? "ended" : null;
    }
}
