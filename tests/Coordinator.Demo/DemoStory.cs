using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.LabPeer;

namespace Coordinator.Demo;

/// <summary>A guest under traffic goes forth, back and forth between two hosts, and everything that is claimed of it is checked.</summary>
internal static class DemoStory
{
    const int QueuePairs = 2;
    static readonly TimeSpan s_bootLimit = TimeSpan.FromSeconds(90);
    static readonly string[] s_route = ["alpha", "beta", "alpha", "beta"];

    /// <returns>Whether every claim holds.</returns>
    public static async Task<bool> Tell(Narrator narrator, CancellationToken cancellation)
    {
        using var folder = DemoFolder.Create();
        try
        {
            await using var network = await LabNetwork.Create(cancellation: cancellation);
            return await InLab(narrator, folder, network, cancellation);
        }
        finally
        {
            folder.Keep();
        }
    }

    static async Task<bool> InLab(Narrator narrator, DemoFolder folder, LabNetwork network, CancellationToken cancellation)
    {
        var qemu = await QemuBinary.Modern(cancellation);
        var machine = new GuestMachine
        {
            Qemu = qemu,
            Image = await GuestImage.Build(cancellation),
            Load = new() { Address = LabNetwork.GuestAddress(), Peer = LabNetwork.PeerAddress, DirtyMib = 32, DirtyMibPerSec = 20 },
            QmpSocket = "the agent's",
            ConsoleLog = folder.ConsoleLog,
            Tap = network[s_route[0]].Tap,
            Vcpus = QueuePairs,
            QueuePairs = QueuePairs,
            Uuid = Guid.NewGuid(),
        };
        await WriteFiles(folder, machine, network, cancellation);
        var coordctl = new CoordctlProcess(network, Path.Combine(folder.Certificates, "client-coordctl"));

        narrator.Chapter("Two hosts and a coordinator");
        await using var cluster = await DemoCluster.Start(
            coordctl, ["--data", folder.Data, "--certs", folder.Certificates, "--with-guests", .. network.Hosts.SelectMany(host => new[] { "--host", Path.Combine(folder.HostDirectory(host.Name), "host.yaml") })], narrator, cancellation);
        await Shown(coordctl, cancellation, "get", "hosts");

        narrator.Chapter($"A guest of {machine.MemoryMib} MiB, {machine.Vcpus} vCPUs, {machine.QueuePairs} queue pairs on QEMU {qemu.Version}, writing memory and sending UDP");
        await using var evidence = await OutsideEvidence.Start(network, QueuePairs, [folder.ConsoleLog], cancellation: cancellation);
        await Shown(coordctl, cancellation, "vm", "start", folder.Definition, "--host", s_route[0]);
        narrator.Say($"   {await evidence.Console.WaitForTick(1, s_bootLimit, cancellation)}");
        var runningSinceNs = MonotonicClock.NowNs;

        var hops = await Hop(narrator, coordctl, new GuestTraffic(evidence, QueuePairs), cancellation);
        await evidence.Console.WaitForMoreTicks(100, s_bootLimit, cancellation);
        var outside = await evidence.Report(cancellation);
        var holds = Summary(narrator, hops, outside, runningSinceNs);

        narrator.Chapter("The end");
        await Shown(coordctl, cancellation, "vm", "stop", DemoFiles.Vm);
        narrator.Say($"""
               kept: {DemoFolder.Kept} (journal/coordinator.db, logs/, demo.yaml, console.log)
               read the journal again, without hosts and guests:
                 artifacts/bin/coordctl up --data {Path.GetRelativePath(LabFolder.RepositoryRoot, DemoFolder.Kept)} --no-hosts &
                 artifacts/bin/coordctl describe migration {hops[^1].Id}
            """);
        return holds;
    }

    static async Task<IReadOnlyList<Migration>> Hop(Narrator narrator, CoordctlProcess coordctl, GuestTraffic traffic, CancellationToken cancellation)
    {
        List<Migration> hops = [];
        foreach (var destination in s_route.Skip(1))
        {
            await traffic.MoveBy(Claims.ProgressBetweenHops, cancellation);
            narrator.Chapter($"coordctl migrate {DemoFiles.Vm} --to {destination} --watch");
            var code = await coordctl.Show(["migrate", DemoFiles.Vm, "--to", destination, "--watch"], cancellation);
            hops.Add(await coordctl.Describe(cancellation));
            if (code != 0)
                break;
        }
        return hops;
    }

    static bool Summary(Narrator narrator, IReadOnlyList<Migration> hops, OutsideReport outside, long runningSinceNs)
    {
        narrator.Chapter("What is claimed, and what was found");
        List<BlackoutWindow> windows = [.. hops.Select(BlackoutMoments.Of)];
        var complaints = outside.Complaints(windows, runningSinceNs);
        List<Claim> claims =
        [
            new(hops.Count == s_route.Length - 1, $"{hops.Count} of {s_route.Length - 1} migrations were made"),
            .. Claims.Of(hops),
            new(complaints.Count == 0, $"from outside: {outside}"),
            .. complaints.Select(complaint => new Claim(Holds: false, $"from outside: {complaint}")),
        ];
        claims.ForEach(claim => narrator.Say($"   {claim}"));
        narrator.Say($"   (losses are allowed only within {string.Join(", ", windows.Select(window => FormattableString.Invariant($"{(window.ToNs - window.FromNs) / 1e6:0} ms")))} around the blackouts)");
        return claims.TrueForAll(claim => claim.Holds);
    }

    static async Task Shown(CoordctlProcess coordctl, CancellationToken cancellation, params string[] arguments)
    {
        if (await coordctl.Show(arguments, cancellation) is not 0 and var code)
            throw new LabFailure($"coordctl {string.Join(' ', arguments)} ended with {code}");
    }

    static async Task WriteFiles(DemoFolder folder, GuestMachine machine, LabNetwork network, CancellationToken cancellation)
    {
        foreach (var host in network.Hosts)
        {
            var directory = folder.HostDirectory(host.Name);
            foreach (var made in new[] { directory, Path.Combine(directory, "state"), Path.Combine(directory, "run") })
                Directory.CreateDirectory(made);
            await File.WriteAllTextAsync(Path.Combine(directory, "host.yaml"), DemoFiles.Host(host, directory, machine.Qemu.Path, folder.Certificates), cancellation);
        }
        await File.WriteAllTextAsync(folder.Definition, DemoFiles.Definition(machine, network), cancellation);
    }
}
