using Coordinator.Contracts.Api;
using Coordinator.EndToEnd.Streams;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.LabPeer;

namespace Coordinator.EndToEnd.Guests;

/// <summary>The lab's Linux guest in a deployment, started through the API: 2 vCPUs, 2 queue pairs with traffic on each, memory rewritten and verified all the time.</summary>
internal sealed class LoadedGuest : IAsyncDisposable
{
    public const string Name = "loaded";
    public const int QueuePairs = 2;

    private const int DatagramsPerSec = 250;

    private static readonly TimeSpan s_bootLimit = TimeSpan.FromSeconds(90);

    private LoadedGuest(Deployment deployment, OutsideEvidence evidence, long sinceNs)
    {
        Deployment = deployment;
        Evidence = evidence;
        SinceNs = sinceNs;
    }

    public Deployment Deployment { get; }

    public OutsideEvidence Evidence { get; }

    /// <summary>From here on every datagram counts.</summary>
    public long SinceNs { get; }

    /// <summary>Where the guest's console goes when every host has a file of its own.</summary>
    public static string ConsolePath(Deployment deployment, string host) => Path.Combine(deployment.Folder, $"console-{host}.log");

    private static GuestMachine Machine(Deployment deployment, QemuBinary qemu, GuestImage image, int vcpus, bool consolePerHost) => new()
    {
        Qemu = qemu,
        Image = image,
        Load = new() { Address = LabNetwork.GuestAddress(), Peer = LabNetwork.PeerAddress, DirtyMib = 32, DirtyMibPerSec = 20 },
        QmpSocket = "the agent's",
        ConsoleLog = consolePerHost ? ConsolePath(deployment, "${host}") : Path.Combine(deployment.Folder, "console.log"),
        Tap = "${tap}",
        Vcpus = vcpus,
        QueuePairs = QueuePairs,
    };

    /// <summary>Starts it on alpha and waits until it ticks and its traffic flows. Disposing it disposes the deployment.</summary>
    /// <param name="deployment">With the same QEMU on both hosts.</param>
    /// <param name="qemu">Null for the modern one.</param>
    /// <param name="vcpus">1 or 2.</param>
    /// <param name="consolePerHost">Only alpha's console is evidence then: for guests that must not leave it.</param>
    /// <param name="memoryIsReadable">Memory as <see cref="GuestRam"/> reads it.</param>
    public static async Task<LoadedGuest> StartAsync(
        Deployment deployment, QemuBinary? qemu = null, int vcpus = QueuePairs, bool consolePerHost = false, bool memoryIsReadable = false)
    {
        try
        {
            GuestMachine machine = Machine(deployment, qemu ?? await QemuBinary.Modern(), await GuestImage.Build(), vcpus, consolePerHost);
            await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Of(Name, machine, memoryIsReadable ? GuestRam.Arguments(machine.MemoryMib) : []));
            string console = consolePerHost ? ConsolePath(deployment, Deployment.Alpha) : machine.ConsoleLog;
            // A guest with fewer vCPUs than pairs hashes its flows over the pairs; four times as many reach every one of them. The traffic is the same in sum: 7.2 stops the
            // guest's network for some 0.7 s when a migration begins (GuestMachine.PadMemory), and a tap holds 1000 frames.
            int flows = vcpus < QueuePairs ? 4 * QueuePairs : QueuePairs;
            OutsideEvidence evidence = await OutsideEvidence.Start(deployment.Network, flows, [console], datagramsPerSec: DatagramsPerSec * QueuePairs / flows);
            await evidence.Console.WaitForTick(1, s_bootLimit);
            await Eventually.Becomes(
                async () => (await evidence.Report()).Peer is { FromGuest: var sent, RoundTrips: var echoed } && sent.All(flow => flow.Received > 0) && echoed.All(flow => flow.Returned > 0) ? "" : null,
                s_bootLimit, "traffic on every flow");
            return new LoadedGuest(deployment, evidence, MonotonicClock.NowNs);
        }
        catch (TimeoutException e)
        {
            string log = deployment.Log();
            await deployment.DisposeAsync();
            throw new TimeoutException($"{e.Message}\n{log}", e);
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Migrates and waits for the end.</summary>
    /// <returns>The migration, when the blackout can have been (the whole of Switchover) and when the migration was, on the evidence's clock.</returns>
    public async Task<(Migration Ended, BlackoutWindow Blackout, BlackoutWindow Whole)> MigrateAsync(string destination, MigrationPolicy? policy = null)
    {
        long before = MonotonicClock.NowNs;
        DateTimeOffset at = DateTimeOffset.UtcNow;
        await Deployment.Api.MigrateAsync(Name, destination, policy);
        Migration ended = await Deployment.Api.EndAsync(Name);
        return (ended, Blackout(ended, at, before), new BlackoutWindow(before, MonotonicClock.NowNs));
    }

    public async ValueTask DisposeAsync()
    {
        await Evidence.DisposeAsync();
        await Deployment.DisposeAsync();
    }

    // The journal's times carry the delay of a report and a commit behind what they tell of; the measured length reaches back from the end.
    private static BlackoutWindow Blackout(Migration ended, DateTimeOffset at, long atNs)
    {
        long OnEvidenceClock(DateTimeOffset time) => atNs + ((time - at).Ticks * 100);
        DateTimeOffset? Of(string name) => ended.Timeline.FirstOrDefault(entry => entry.Event == name)?.At.ToDateTimeOffset();
        return Of("SwitchoverEntered") is { } entered && (Of("GuestRunsAtDestination") ?? ended.EndedAt?.ToDateTimeOffset()) is { } left
            ? new BlackoutWindow(OnEvidenceClock(entered) - ((ended.Blackout?.TotalMicros ?? 0) * 1_000), OnEvidenceClock(left))
            : new BlackoutWindow(atNs, atNs);
    }
}
