using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;

namespace Coordinator.Benchmarks;

/// <summary>
/// Two guests of the same kind on the same machine, one moved by the coordinator and one by a bare script, in turn: whatever the machine does meanwhile, it does to both.
/// </summary>
static class BlackoutBenchmark
{
    const string Vm = "measured";
    const int WarmUp = 4;

    static readonly string[] Hosts = [Deployment.Beta, Deployment.Alpha];
    static readonly MigrationPolicy Policy = new() { VerifyMs = 0, BandwidthBytesPerSec = 1L << 30, DowntimeLimitMs = 10 };

    public static async Task<int> Linux(int rounds, int queuePairs, bool installed, CancellationToken interrupted)
    {
        var qemu = await Qemu(installed);
        var image = await GuestImage.Build();
        await using var deployment = await Deployment.StartAsync(qemu, guests: 2);
        IReadOnlyList<string> Machine(string tap, int guest) => new GuestMachine
        {
            Qemu = qemu,
            Image = image,
            Load = new() { Address = LabNetwork.GuestAddress(guest), TickMs = 100 },
            QmpSocket = "the agent's",
            ConsoleLog = ConsoleOf(deployment, guest),
            Tap = tap,
            Mac = LabNetwork.GuestMac(guest),
            MemoryMib = 128,
            Vcpus = 2,
            QueuePairs = queuePairs,
        }.Arguments();
        await using var bare = new BareScript(deployment.Network, qemu, host => Definitions.WithoutOwn(Machine(deployment.Network[host].Taps[1], 1)), deployment.Folder);
        await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Of(Vm, Machine("${tap}", 0)));
        await bare.Start(Deployment.Alpha);
        foreach (var guest in new[] { 0, 1 })
            await Eventually.BecomesTrue(() => File.Exists(ConsoleOf(deployment, guest)) && File.ReadAllText(ConsoleOf(deployment, guest)).Contains("tick", StringComparison.OrdinalIgnoreCase),
                TimeSpan.FromSeconds(120), $"guest {guest} to tick");
        return await Compare(deployment, bare, rounds, $"Linux, {queuePairs} queue pairs ({2 * queuePairs + 1} virtqueues), 128 MiB, {qemu.Version}", interrupted);
    }

    public static async Task<int> Empty(int rounds, bool installed, CancellationToken interrupted)
    {
        var qemu = await Qemu(installed);
        await using var deployment = await Deployment.StartAsync(qemu, guests: 2);
        var arguments = Definitions.EmptyArguments(memoryMib: 64, networkCards: 3);
        await using var bare = new BareScript(deployment.Network, qemu, _ => arguments, deployment.Folder);
        await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Of(Vm, arguments));
        await bare.Start(Deployment.Alpha);
        return await Compare(deployment, bare, rounds, $"no system, 3 network cards (9 virtqueues), 64 MiB, {qemu.Version}", interrupted);
    }

    /// <summary>Interrupted, it ends the round, says what was measured so far and takes down what it put up.</summary>
    static async Task<int> Compare(Deployment deployment, BareScript bare, int rounds, string what, CancellationToken interrupted)
    {
        Series coordinator = new("coordinator"), autostart = new("bare, destination starts by itself"), pausing = new("bare, pause and cont");
        Series own = new("own stages"), stop = new("  stop"), stream = new("  stream+load (QEMU's)"), release = new("  release"), gate = new("  gate"), grant = new("  grant"), resume = new("  resume");
        for (var round = 0; round < rounds + WarmUp && !interrupted.IsCancellationRequested; round++)
        {
            var destination = Hosts[round % 2];
            TimeSpan plain, paused;
            Migration migration;
            try
            {
                plain = await bare.Migrate(destination, BareWay.Autostart);
                migration = await Coordinated(deployment, destination);
                // Thrice in a round, so the bare guest goes there and back.
                paused = await bare.Migrate(Hosts[(round + 1) % 2], BareWay.PauseAndContinue);
                await bare.Migrate(destination, BareWay.Autostart);
            }
            catch (Exception) when (interrupted.IsCancellationRequested)
            {
                // Ctrl-C goes to everything in the terminal: coordinators and agents have ended under this round.
                break;
            }

            if (round < WarmUp)
                continue;
            autostart.Add(plain.TotalMilliseconds);
            pausing.Add(paused.TotalMilliseconds);
            var split = migration.Blackout;
            coordinator.Add(split.TotalMicros / 1e3);
            own.Add((split.TotalMicros - split.StreamMicros - split.LoadMicros) / 1e3);
            stop.Add(split.StopMicros / 1e3);
            stream.Add((split.StreamMicros + split.LoadMicros) / 1e3);
            release.Add(split.ReleaseMicros / 1e3);
            gate.Add(split.GateMicros / 1e3);
            grant.Add(split.GrantMicros / 1e3);
            resume.Add(split.ResumeMicros / 1e3);
        }

        if (autostart.Count < 2)
        {
            Console.WriteLine("interrupted before two rounds were measured");
            return 1;
        }

        if (Environment.GetEnvironmentVariable("COORDINATOR_LOGS") is { } logs)
            await File.WriteAllTextAsync(logs, deployment.Log());
        Console.WriteLine($"Blackout, STOP at the source to RESUME at the destination: {what}");
        Console.WriteLine(Series.Head);
        foreach (var series in new[] { autostart, pausing, coordinator, own, stop, stream, release, gate, grant, resume })
            Console.WriteLine(series);
        foreach (var other in new[] { autostart, pausing })
        {
            var (difference, low, high) = Series.Difference(coordinator, other);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"coordinator - ({other.Name}): median {difference:+0.00;-0.00} ms, 95 % interval {low:+0.00;-0.00} to {high:+0.00;-0.00}; p99 {coordinator.Percentile(0.99) - other.Percentile(0.99):+0.00;-0.00} ms; medians {coordinator.Median / other.Median:0.00} to 1"));
        }
        return 0;
    }

    static async Task<Migration> Coordinated(Deployment deployment, string destination)
    {
        await deployment.Api.MigrateAsync(Vm, destination, Policy);
        var ended = await deployment.Api.EndAsync(Vm);
        return ended is { Phase: "Succeeded", Verdict: "Verified", Blackout: not null } ? ended : throw new LabFailure($"{Story.Of(ended)}\n{deployment.Log()}");
    }

    static async Task<QemuBinary> Qemu(bool installed)
    {
        await QemuBinary.Install();
        return installed ? await QemuBinary.Installed() : await QemuBinary.Modern();
    }

    static string ConsoleOf(Deployment deployment, int guest) => Path.Combine(deployment.Folder, $"console-of-{guest}.log");
}
