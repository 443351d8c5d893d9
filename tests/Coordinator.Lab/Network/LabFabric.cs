namespace Coordinator.Lab.Network;

/// <summary>
/// Machines that can be cut from each other: each a network namespace, joined by veth links to the bridge of one more, the switch. Nothing of the machine's own network is touched.
/// <para>
/// A cut between two is a wrong neighbour entry: what one sends to the other leaves under a hardware address that nobody has and is dropped in silence, as by a broken switch port. Neither
/// side is told anything, open connections stay open, and one direction can be cut alone. No packet filter is needed, which not every kernel has.
/// </para>
/// Needs root.
/// </summary>
public sealed class LabFabric : IAsyncDisposable
{
    public const int MachineLimit = 200;

    // Of nobody: locally administered, and no machine or guest gets it.
    const string Nowhere = "02:00:00:de:ad:01";

    readonly LabNamespace hub;
    readonly List<LabMachine> machines = [];
    readonly HashSet<(string From, string To)> cuts = [];

    LabFabric(LabNamespace hub) => this.hub = hub;

    public IReadOnlyList<LabMachine> Machines => machines;

    public LabMachine this[string name] =>
        machines.FirstOrDefault(machine => machine.Name == name) ?? throw new LabFailure($"the fabric has no machine {name}, only {string.Join(", ", machines.Select(machine => machine.Name))}");

    /// <param name="machines">Names and how many taps each has: 0 for one that is no hypervisor.</param>
    /// <exception cref="LabFailure">No root, no iproute2, or a refused step; nothing is left behind then.</exception>
    public static async Task<LabFabric> Create(IReadOnlyList<(string Name, int Taps)> machines, CancellationToken cancellation = default)
    {
        if (machines.Count is < 1 or > MachineLimit)
            throw new ArgumentOutOfRangeException(nameof(machines), machines.Count, $"1..{MachineLimit} machines");
        var fabric = new LabFabric(await LabNamespace.Create(cancellation));
        try
        {
            await fabric.hub.IpBatch([.. Bridge], cancellation);
            foreach (var (name, taps) in machines)
                await fabric.Add(name, taps, cancellation);
            return fabric;
        }
        catch
        {
            await fabric.DisposeAsync();
            throw;
        }
    }

    /// <summary>What <paramref name="from"/> sends to <paramref name="to"/> is lost from now on; what comes back is not.</summary>
    public async Task CutOneWay(LabMachine from, LabMachine to)
    {
        await from.Space.Ip("neigh", "replace", to.Address, "lladdr", Nowhere, "dev", LabNetwork.Bridge, "nud", "permanent");
        cuts.Add((from.Name, to.Name));
    }

    /// <summary>Between each of one side and each of the other nothing passes any more.</summary>
    public async Task Cut(IReadOnlyList<LabMachine> side, IReadOnlyList<LabMachine> other)
    {
        foreach (var (one, another) in side.SelectMany(one => other.Select(another => (one, another))))
        {
            await CutOneWay(one, another);
            await CutOneWay(another, one);
        }
    }

    /// <summary>Everybody reaches everybody again.</summary>
    public async Task Heal()
    {
        foreach (var (from, to) in cuts.ToList())
        {
            await this[from].Space.Ip("neigh", "del", this[to].Address, "dev", LabNetwork.Bridge);
            cuts.Remove((from, to));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines)
            await machine.Space.DisposeAsync();
        await hub.DisposeAsync();
    }

    static IEnumerable<string> Bridge =>
        [$"link add {LabNetwork.Bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0", $"link set {LabNetwork.Bridge} up"];

    async Task Add(string name, int taps, CancellationToken cancellation)
    {
        var number = machines.Count + 1;
        var machine = new LabMachine(name, $"10.78.0.{number}", [.. Enumerable.Range(0, taps).Select(tap => $"tap{tap}")], await LabNamespace.Create(cancellation));
        machines.Add(machine);
        await hub.IpBatch([$"link add port{number} type veth peer name uplink netns {machine.Space.Name}", $"link set port{number} master {LabNetwork.Bridge} up"], cancellation);
        await machine.Space.IpBatch(
            [.. Bridge, $"addr add {machine.Address}/24 dev {LabNetwork.Bridge}", $"link set uplink master {LabNetwork.Bridge} up", .. machine.Taps.SelectMany(LabNetwork.TapOn)],
            cancellation);
    }
}
