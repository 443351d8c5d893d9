using System.Diagnostics;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Network;

/// <summary>
/// One network namespace with one bridge and, for each host and guest, a multi-queue tap on it. Agents, QEMUs, coordinators and peers of a test
/// run inside (<see cref="Inside"/>), so nothing of the machine's own network is touched and nothing leaves the machine.
/// <para>
/// One namespace and not one per host, because what differs between hosts for a migration is the tap (the bridge must learn that the
/// guest's MAC moved) and the address, and both differ here; loopback, QMP sockets and files stay shared, which keeps a demo on one machine simple.
/// A cut between hosts is made with <c>ip -n NAMESPACE addr del</c> or a relay, not with namespaces.
/// </para>
/// Deleting the namespace deletes taps and bridge with it. Needs root.
/// </summary>
public sealed class LabNetwork : IAsyncDisposable
{
    public const string Bridge = "br0";
    public const string PeerAddress = "10.77.0.1";
    public const int PrefixLength = 24;
    public const int GuestLimit = 200;

    // Interface names have at most 15 characters (IFNAMSIZ - 1), and "-NNN" takes four of them.
    const int HostNameLimit = 11;
    static readonly TimeSpan EndOfProcessesLimit = TimeSpan.FromSeconds(10);

    readonly LabNamespaceName name;

    LabNetwork(LabNamespaceName name, IReadOnlyList<LabHost> hosts)
    {
        this.name = name;
        Hosts = hosts;
    }

    public string Namespace => name.ToString();
    public IReadOnlyList<LabHost> Hosts { get; }
    public LabHost this[string hostName] =>
        Hosts.FirstOrDefault(host => host.Name == hostName) ?? throw new LabFailure($"the lab has no host {hostName}, only {string.Join(", ", Hosts.Select(host => host.Name))}");

    /// <summary>10.77.0.2 for guest 0, and so on.</summary>
    public static string GuestAddress(int guest = 0) => $"10.77.0.{guest + 2}";

    /// <summary>Locally administered, one per guest, the same on every host: it is the guest's, not the host's.</summary>
    public static string GuestMac(int guest = 0) => $"52:54:00:77:00:{guest + 2:x2}";

    /// <param name="hostNames">Default alpha and beta. Names of at most 11 characters, because taps are called after them.</param>
    /// <param name="guests">1..200 taps per host.</param>
    /// <exception cref="LabFailure">No root, no iproute2, or a refused step; nothing is left behind then.</exception>
    public static async Task<LabNetwork> Create(IReadOnlyList<string>? hostNames = null, int guests = 1, CancellationToken cancellation = default)
    {
        hostNames ??= ["alpha", "beta"];
        if (guests is < 1 or > GuestLimit)
            throw new ArgumentOutOfRangeException(nameof(guests), guests, $"1..{GuestLimit}");
        if (hostNames.FirstOrDefault(host => host.Length is 0 or > HostNameLimit || !host.All(char.IsAsciiLetterOrDigit)) is { } refused)
            throw new ArgumentException($"host name '{refused}' must be 1..{HostNameLimit} letters and digits", nameof(hostNames));
        await ExternalCommand.Run(LabFolder.Installer("network.sh"), [], cancellation);
        await Sweep(cancellation);
        var hosts = hostNames.Select((host, index) =>
            new LabHost(host, $"10.77.1.{index + 1}", [.. Enumerable.Range(0, guests).Select(guest => $"{host}-{guest}")])).ToList();
        var network = new LabNetwork(LabNamespaceName.Next(), hosts);
        try
        {
            await network.Build(cancellation);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Start of a program inside the namespace. <c>ip netns exec</c> replaces itself by the program, so the process id is the program's own.</summary>
    public ProcessStartInfo Inside(string file, params IEnumerable<string> arguments) => new("ip", ["netns", "exec", Namespace, file, .. arguments]);

    /// <summary>A command of iproute2 in this namespace, e.g. <c>Ip("link", "set", "alpha-0", "down")</c>.</summary>
    public Task<string> Ip(params IEnumerable<string> arguments) => ExternalCommand.Run("ip", ["-n", Namespace, .. arguments]);

    /// <summary>Removes the labs of processes that no longer live; whatever still runs in them was started for them.</summary>
    public static async Task Sweep(CancellationToken cancellation = default)
    {
        var list = await ExternalCommand.Run("ip", ["netns", "list"], cancellation);
        foreach (var line in list.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (LabNamespaceName.Parse(line.Split(' ')[0]) is { Owner.IsAlive: false } abandoned)
                await Remove(abandoned, cancellation);
    }

    public async ValueTask DisposeAsync() => await Remove(name, CancellationToken.None);

    async Task Build(CancellationToken cancellation)
    {
        await ExternalCommand.Run("ip", ["netns", "add", Namespace], cancellation);
        // IPv6 would add router solicitations and address checks to the frames that tests count.
        await ExternalCommand.Run("ip", ["netns", "exec", Namespace, "sh", "-c",
            "for f in /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done"], cancellation);
        var batch = new List<string>
        {
            "link set lo up",
            // No STP and no forward delay: a tap must forward from its first frame on, as the migrated guest's network does.
            $"link add {Bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            $"addr add {PeerAddress}/{PrefixLength} dev {Bridge}",
            $"link set {Bridge} up",
        };
        foreach (var host in Hosts)
        {
            batch.Add($"addr add {host.Address}/32 dev lo");
            foreach (var tap in host.Taps)
            {
                batch.Add($"tuntap add dev {tap} mode tap multi_queue");
                batch.Add($"link set {tap} master {Bridge} up");
            }
        }
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, batch, cancellation);
            await ExternalCommand.Run("ip", ["-n", Namespace, "-batch", file], cancellation);
        }
        finally
        {
            File.Delete(file);
        }
    }

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
                using var process = Process.GetProcessById(int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture));
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
