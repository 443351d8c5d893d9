using System.Diagnostics;

namespace Coordinator.Lab.Network;

/// <summary>
/// One network namespace with one bridge and, for each host and guest, a multi-queue tap on it. Agents, QEMUs, coordinators and peers of a test
/// run inside (<see cref="Inside"/>), so nothing of the machine's own network is touched and nothing leaves the machine.
/// <para>
/// One namespace and not one per host, because what differs between hosts for a migration is the tap (the bridge must learn that the
/// guest's MAC moved) and the address, and both differ here; loopback, QMP sockets and files stay shared, which keeps a demo on one machine simple.
/// Where machines are to be cut from each other, see <see cref="LabFabric"/>.
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

    LabNetwork(LabNamespace space, IReadOnlyList<LabHost> hosts)
    {
        Space = space;
        Hosts = hosts;
    }

    public LabNamespace Space { get; }
    public string Namespace => Space.Name;
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
        var hosts = hostNames.Select((host, index) =>
            new LabHost(host, $"10.77.1.{index + 1}", [.. Enumerable.Range(0, guests).Select(guest => $"{host}-{guest}")])).ToList();
        var made = await LabNamespace.Create(cancellation);
        try
        {
            await made.IpBatch(
                [
                    // No STP and no forward delay: a tap must forward from its first frame on, as the migrated guest's network does.
                    $"link add {Bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                    $"addr add {PeerAddress}/{PrefixLength} dev {Bridge}",
                    $"link set {Bridge} up",
                    .. hosts.Select(host => $"addr add {host.Address}/32 dev lo"),
                    .. hosts.SelectMany(host => host.Taps).SelectMany(TapOn),
                ],
                cancellation);
            return new LabNetwork(made, hosts);
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc cref="LabNamespace.Inside"/>
    public ProcessStartInfo Inside(string file, params IEnumerable<string> arguments) => Space.Inside(file, arguments);

    /// <inheritdoc cref="LabNamespace.Ip"/>
    public Task<string> Ip(params IEnumerable<string> arguments) => Space.Ip(arguments);

    /// <inheritdoc cref="LabNamespace.Sweep"/>
    public static Task Sweep(CancellationToken cancellation = default) => LabNamespace.Sweep(cancellation);

    public ValueTask DisposeAsync() => Space.DisposeAsync();

    internal static IEnumerable<string> TapOn(string tap) => [$"tuntap add dev {tap} mode tap multi_queue", $"link set {tap} master {Bridge} up"];
}
