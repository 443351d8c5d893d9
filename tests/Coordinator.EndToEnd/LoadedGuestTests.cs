using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.EndToEnd.Guests;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>
/// A real guest under traffic and dirtying, moved again and again, judged from outside. COORDINATOR_HOPS sets the number of hops (default 3); 20 are the proof,
/// on either QEMU: <c>COORDINATOR_HOPS=20 dotnet test tests/Coordinator.EndToEnd --filter Loaded</c>.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class LoadedGuestTests(ITestOutputHelper output)
{
    private const int WantedProgress = 1_000;
    private const int HopsOfTheProof = 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private static int Hops => int.TryParse(Environment.GetEnvironmentVariable("COORDINATOR_HOPS"), NumberStyles.None, CultureInfo.InvariantCulture, out int hops) ? hops : 3;

    private static bool IsLong => Environment.GetEnvironmentVariable("COORDINATOR_HOPS") is not null;

    [Fact]
    public async Task LoadedGuest_OnModernQemu_ArrivesIntactAtEveryHop() => await HopAsync(await QemuBinary.Modern(), vcpus: 2, Hops);

    // One hop by default: the version differs, the way through the parts does not. One vCPU: see facts of the version in GuestMachine.PadMemory.
    [Fact]
    public async Task LoadedGuest_OnInstalledQemu_ArrivesIntactAtEveryHop() => await HopAsync(await QemuBinary.Installed(), vcpus: 1, IsLong ? Hops : 1);

    private async Task HopAsync(QemuBinary qemu, int vcpus, int hops)
    {
        await using LoadedGuest guest = await LoadedGuest.StartAsync(await Deployment.StartAsync(qemu), qemu, vcpus);
        List<BlackoutWindow> blackouts = [];
        List<BlackoutWindow> migrations = [];
        Dictionary<int, uint> before = [];
        Dictionary<int, long> travelled = [];
        for (int hop = 1; hop <= hops; hop++)
        {
            string destination = hop % 2 == 1 ? Deployment.Beta : Deployment.Alpha;
            (Migration ended, BlackoutWindow blackout, BlackoutWindow whole) = await guest.MigrateAsync(destination);
            blackouts.Add(blackout);
            migrations.Add(whole);
            output.WriteLine($"QEMU {qemu.Version} hop {hop} to {destination}: {ended.Phase} {ended.Verdict}, blackout {ended.Blackout?.TotalMicros / 1000.0:0.0} ms; {guest.Evidence.Console.Read()}");
            if (hop == 1)
            {
                output.WriteLine(Story.Of(ended));
            }

            string story = $"hop {hop}: {Story.Of(ended)}\n{string.Join("; ", (await guest.Evidence.Report()).Complaints(blackouts, guest.SinceNs))}\n{guest.Deployment.Log()}";
            Assert.True(ended is { Phase: "Succeeded", Verdict: "Verified" }, story);
            Assert.True(ended.Queues.Count == (2 * LoadedGuest.QueuePairs) + 1 && ended.Queues.All(queue => queue.Outcome == "Equal"), story);
            foreach (Queue queue in ended.Queues.Where(queue => queue.Index < 2 * LoadedGuest.QueuePairs))
            {
                uint now = queue.Source.LastAvailIdx;
                uint moved = before.TryGetValue(queue.Index, out uint last) ? (now - last) & 0xFFFF : now;
                travelled[queue.Index] = travelled.GetValueOrDefault(queue.Index) + moved;
                before[queue.Index] = now;
            }

            // Without traffic between the hops equal indices would prove nothing.
            await guest.Evidence.Console.WaitForMoreTicks(IsLong ? 600 : 200, s_limit);
        }

        OutsideReport report = await guest.Evidence.Report();
        output.WriteLine($"{report}\nentries by queue, at least: {string.Join(", ", travelled.OrderBy(queue => queue.Key).Select(queue => $"{queue.Key}: {queue.Value}"))}");
        string When(long fromNs, long toNs)
        {
            int hop = migrations.FindIndex(window => window.ToNs >= fromNs);
            return hop < 0
                ? "after all hops"
                : $"hop {hop + 1}, {(fromNs - migrations[hop].FromNs) / 1e6:0} to {(toNs - migrations[hop].FromNs) / 1e6:0} ms after the request, "
                    + $"blackout within {(blackouts[hop].FromNs - migrations[hop].FromNs) / 1e6:0} to {(blackouts[hop].ToNs - migrations[hop].FromNs) / 1e6:0} ms";
        }

        IEnumerable<string> notices = report.Peer.RoundTrips
            .SelectMany(flow => flow.Losses.Where(loss => loss.ToNs >= guest.SinceNs).Select(loss => $"flow {flow.Flow}: {loss.Count} echoes lost in {When(loss.FromNs, loss.ToNs)}"))
            .Concat(report.Peer.FromGuest.SelectMany(flow => flow.Repetitions.Select(
                again => $"flow {flow.Flow}: number {again.Sequence} again after {again.Highest} in {When(again.AtNs, again.AtNs)}")));
        output.WriteLine(string.Join('\n', notices));
        Assert.Empty(report.Complaints(blackouts, guest.SinceNs));
        Assert.True(report.Console is { IsIntact: true, PagesChecked: > 0 }, report.ToString());
        Assert.True(hops < HopsOfTheProof || travelled.Values.Any(moved => moved > ushort.MaxValue), $"no index went round: {string.Join(", ", travelled.Values)}");
        Assert.All(travelled.Values, moved => Assert.True(moved >= WantedProgress || hops == 1, $"a data queue moved by {moved} only"));
    }
}
