using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>No round trip to a coordinator lies inside the blackout: none of them does anything while the guest changes hosts.</summary>
[Collection(OneAtATime.Name)]
public sealed class AbsentCoordinatorTests(ITestOutputHelper output)
{
    private const int MaxStandstillMs = 2_000;

    [Fact]
    public async Task Switchover_WhileEveryCoordinatorIsStopped_IsCarriedOutByTheAgentsAlone()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        Api api = deployment.Api;
        (_, TickConsole console) = await SlowGuest.StartAsync(deployment);
        await using TickWatch ticks = new(() => console.LastTick);
        await api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.Policy());
        Migration copying = await api.MigrationAsync(
            SlowGuest.Name, migration => migration is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
        Assert.Contains(copying.Timeline, entry => entry.Event == "SwitchoverAuthorized");

        foreach (Part coordinator in deployment.Coordinators)
        {
            coordinator.Freeze();
        }

        DateTimeOffset frozen = DateTimeOffset.UtcNow;
        Assert.False(console.HasTickedOn(Deployment.Beta));
        await Eventually.BecomesTrue(() => console.HasTickedOn(Deployment.Beta), Api.Limit, "the guest to run on beta", deployment.Log);
        await console.MoreTicksAsync(20);
        long quiet = console.Length(Deployment.Alpha);
        await console.MoreTicksAsync(20);
        Assert.Equal(quiet, console.Length(Deployment.Alpha));
        DateTimeOffset thawed = DateTimeOffset.UtcNow;
        foreach (Part coordinator in deployment.Coordinators)
        {
            coordinator.Thaw();
        }

        Migration ended = await api.EndAsync(SlowGuest.Name);
        TimeSpan longest = await ticks.StopAfterMoreAsync(5);

        output.WriteLine($"coordinators stopped for {(thawed - frozen).TotalMilliseconds:0} ms; longest standstill seen from outside {longest.TotalMilliseconds:0} ms\n{Story.Of(ended)}");
        Assert.True(ended is { Phase: "Succeeded", Attempt: 1, Verdict: "Verified" }, $"{Story.Of(ended)}\n{deployment.Log()}");

        // The coordinators learnt of all of it afterwards.
        Assert.All(ended.Timeline.Select(entry => entry.At.ToDateTimeOffset()).Where(at => at > frozen), at => Assert.True(at > thawed));
        Assert.True(ended.Timeline.Single(entry => entry.Event == "GuestRunsAtDestination").At.ToDateTimeOffset() > thawed);
        Assert.True(ended.Blackout.TotalMicros < MaxStandstillMs * 1_000L, Story.Of(ended));
        Assert.True(ended.Blackout.TotalMicros * 2 < (thawed - frozen).TotalMicroseconds, Story.Of(ended));
        Assert.True(longest.TotalMilliseconds < MaxStandstillMs, $"the guest stood still for {longest.TotalMilliseconds:0} ms");
        console.AssertContiguous(Deployment.Alpha, Deployment.Beta);
        Assert.Single(RunningQemu.OfGuest(SlowGuest.Name));
    }
}
