using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>
/// A host with many real guests is emptied while the coordinators are killed. COORDINATOR_DRAIN_GUESTS sets their number (default 6); 20 are the proof:
/// <c>COORDINATOR_DRAIN_GUESTS=20 dotnet test tests/Coordinator.EndToEnd --filter DrainTests</c>.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class DrainTests(ITestOutputHelper output)
{
    /// <summary>limits.outgoing and limits.incoming of an agent that is not told otherwise.</summary>
    private const int Limit = 2;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    private static int Guests => int.TryParse(Environment.GetEnvironmentVariable("COORDINATOR_DRAIN_GUESTS"), NumberStyles.None, CultureInfo.InvariantCulture, out int guests) ? guests : 6;

    [Fact]
    public async Task HostWithManyGuests_IsEmptied_ThoughACoordinatorIsKilledTwice_AndNoLimitIsExceeded()
    {
        await using Deployment deployment = await Deployment.StartAsync(coordinators: 2);
        List<TickConsole> consoles = [];
        for (int i = 1; i <= Guests; i++)
        {
            consoles.Add((await SlowGuest.StartAsync(deployment, memoryMib: 64, name: Name(i))).Console);
        }

        DrainHostRequest request = new() { RequestId = "drain-1", Host = Deployment.Alpha, MaxParallel = 2 * Limit, By = "ann", Reason = "new memory" };
        Drain begun = await deployment.Api.AskAsync((client, options) => client.DrainHostAsync(request, options));
        Assert.Equal(Guests, begun.Guests.Count);
        foreach (int victim in new[] { 0, 1 })
        {
            await MovedAsync(deployment, (victim + 1) * Guests / 3);
            await deployment.Coordinators[victim].KillAsync();
            deployment.Coordinators[victim].Start();
            await MovedAsync(deployment, ((victim + 1) * Guests / 3) + 1);
            await deployment.ConnectedAsync();
        }

        Drain ended = await Eventually.Becomes(async () => await LookAsync(deployment) is { Outcome.Length: > 0 } drain ? drain : null, s_limit, "the end of the drain", deployment.Log);

        string story = $"{ended}\n{deployment.Log()}";
        Assert.True(ended is { Outcome: "Drained" } && ended.Id == begun.Id, story);
        Assert.True(ended.Guests.Count == Guests && ended.Guests.All(g => g is { State: "Moved", Destination: Deployment.Beta, Verdict: "Verified" }), story);
        Migration[] migrations = await Task.WhenAll(ended.Guests.Select(g => deployment.Api.MigrationAsync(g.Vm, g.MigrationId)));
        int most = MostAtOnce(migrations);
        output.WriteLine(
            $"{Guests} guests in {(ended.EndedAt.ToDateTime() - ended.AskedAt.ToDateTime()).TotalSeconds:0} s, at most {most} at once, {ended.Guests.Sum(g => g.Tries)} tries, "
            + $"largest blackout {ended.LargestBlackoutMicros / 1000.0:0.0} ms, all: {string.Join(' ', ended.Guests.Select(g => (g.BlackoutMicros / 1000.0).ToString("0", CultureInfo.InvariantCulture)))}");
        Assert.InRange(most, 1, Limit);
        foreach (TickConsole console in consoles)
        {
            await console.MoreTicksAsync(3);
            Assert.True(console.HasTickedOn(Deployment.Beta), story);
            console.AssertContiguous(Deployment.Alpha, Deployment.Beta);
        }

        Assert.Empty((await deployment.Api.HostsAsync()).Single(h => h.Name == Deployment.Alpha).VirtualMachines);
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"tiny-{number}");

    private static Task<Drain> LookAsync(Deployment deployment) =>
        deployment.Api.AskAsync((client, options) => client.GetDrainAsync(new GetDrainRequest { Host = Deployment.Alpha }, options));

    private static Task MovedAsync(Deployment deployment, int guests) => Eventually.Becomes(
        async () => (await LookAsync(deployment)).Guests.Count(g => g.State == "Moved") >= guests ? "" : null, s_limit, $"{guests} guests to be moved", deployment.Log);

    /// <summary>From the journalled histories: an attempt has its slots from when it is opened until the guest runs at the destination.</summary>
    private static int MostAtOnce(IEnumerable<Migration> migrations)
    {
        List<(DateTimeOffset At, int Change)> changes = [];
        foreach (Migration migration in migrations)
        {
            foreach (TimelineEntry entry in migration.Timeline)
            {
                int change = entry.Event switch { "AttemptOpened" => 1, "GuestRunsAtDestination" or "RolledBack" => -1, _ => 0 };
                changes.Add((entry.At.ToDateTimeOffset(), change));
            }
        }

        int now = 0;
        return changes.OrderBy(c => c.At).ThenBy(c => c.Change).Select(c => now += c.Change).Max();
    }
}
