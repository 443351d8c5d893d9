using Coordinator.Contracts.Api;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Deployments;
using Coordinator.EndToEnd.Guests;
using Coordinator.Lab.Processes;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>SIGKILL of a part while the guest's memory is being copied: the same QEMUs and the same stream go on, and the migration ends as if nothing had been.</summary>
[Collection(OneAtATime.Name)]
public sealed class CrashTests(ITestOutputHelper output)
{
    public enum Victim
    {
        FirstCoordinator,
        SecondCoordinator,
        SourceAgent,
        DestinationAgent,
    }

    [Theory]
    [InlineData(Victim.FirstCoordinator)]
    [InlineData(Victim.SecondCoordinator)]
    [InlineData(Victim.SourceAgent)]
    [InlineData(Victim.DestinationAgent)]
    public async Task Part_KilledWhileIterating_TheSameStreamGoesOnToSucceeded(Victim victim)
    {
        bool ofCoordinators = victim is Victim.FirstCoordinator or Victim.SecondCoordinator;
        await using Deployment deployment = await Deployment.StartAsync(coordinators: ofCoordinators ? 2 : 1);
        Api api = deployment.Api;
        VirtualMachine started = await api.StartVmAsync(Deployment.Alpha, SlowGuest.Definition());
        await api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.Policy());
        Migration copying = await api.MigrationAsync(
            SlowGuest.Name, migration => migration is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
        IReadOnlyList<RunningQemu> before = RunningQemu.OfGuest(SlowGuest.Name);
        Assert.Equal(2, before.Count);

        Part part = PartOf(deployment, victim);
        await part.KillAsync();
        if (!ofCoordinators)
        {
            // A supervisor does this on a real host; coordinators are not missed, so the killed one stays away.
            part.Start();
        }

        // Same attempt, and what the stream has done never falls: a second stream would begin at 0.
        long elapsedMs = copying.Progress.ElapsedMs, transferred = copying.Progress.TransferredBytes;
        List<string> falls = [];
        Migration ended = await api.MigrationAsync(
            SlowGuest.Name,
            migration =>
            {
                if (migration.Progress is { } progress)
                {
                    if (progress.ElapsedMs < elapsedMs || progress.TransferredBytes < transferred)
                    {
                        falls.Add($"{migration.Phase}: {elapsedMs} ms, {transferred} bytes -> {progress.ElapsedMs} ms, {progress.TransferredBytes} bytes");
                    }

                    (elapsedMs, transferred) = (progress.ElapsedMs, progress.TransferredBytes);
                }

                return migration.Terminal;
            },
            "the migration to end");

        output.WriteLine($"killed at {copying.Progress}\n{Story.Of(ended)}");
        Assert.True(ended is { Phase: "Succeeded", Attempt: 1 }, $"{Story.Of(ended)}\n{deployment.Log()}");
        Assert.Empty(falls);
        VirtualMachine moved = await api.VmAsync(SlowGuest.Name);
        Assert.Equal((Deployment.Beta, "running"), (moved.Host, moved.RunState));
        RunningQemu left = Assert.Single(RunningQemu.OfGuest(SlowGuest.Name));
        Assert.Contains(left, before);
        Assert.Contains(started.Pid, before.Select(qemu => qemu.Identity.Pid));
        Assert.NotEqual(started.Pid, left.Identity.Pid);
        Assert.Equal(moved.Pid, left.Identity.Pid);
    }

    private static Part PartOf(Deployment deployment, Victim victim) => victim switch
    {
        Victim.FirstCoordinator => deployment.Coordinators[0],
        Victim.SecondCoordinator => deployment.Coordinators[1],
        Victim.SourceAgent => deployment.Agent(Deployment.Alpha),
        _ => deployment.Agent(Deployment.Beta),
    };
}
