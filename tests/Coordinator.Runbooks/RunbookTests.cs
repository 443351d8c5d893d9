using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Processes;
using Xunit.Abstractions;

namespace Coordinator.Runbooks;

/// <summary>Every page under docs/runbooks, followed to the letter on real processes.</summary>
public sealed class RunbookTests(ITestOutputHelper output)
{
    /// <summary>By the guest's own ticks, as this process sees them between two of its looks.</summary>
    private const int OrdinaryStandstillMs = 3_000;

    [Fact]
    public async Task HoldAllMigrations_Followed_RefusesAndLetsGo()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("hold-all-migrations", output);
        await scene.FollowAsync("1.", "2.", "3.");
        Assert.Single(await scene.QemusAsync());

        await scene.FollowAsync("4.", "5.");

        await scene.AssertNeverStoppedNorDoubledAsync(Deployment.Beta, OrdinaryStandstillMs);
        scene.AssertWholePageWasFollowed();
    }

    /// <summary>A standstill may last for as long as a killed agent needs to come back; that nobody else is to blame for it is judged by the page's own command.</summary>
    [Fact]
    public async Task BreakItOnPurpose_Followed_FindsEveryGuestWhereItBelongs()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("break-it-on-purpose", output, recorded: true);

        await scene.FollowAsync("1.", "2.", "3.", "4.");

        await scene.AssertNeverStoppedNorDoubledAsync((await scene.Api.VmAsync(SlowGuest.Name)).Host, 10 * OrdinaryStandstillMs);
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task JournalBackupRestore_FollowedAfterTheGuestHadMoved_FindsItAndDoublesNothing()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("journal-backup-restore", output);
        await scene.FollowAsync("1.");
        long backedUp = (await scene.Api.VmAsync(SlowGuest.Name)).Epoch;

        // After the backup: so that the restored journal believes in a host that the guest has left, and in an attempt number that was used.
        await scene.Api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.QuickPolicy());
        Assert.Equal("Succeeded", (await scene.Api.EndAsync(SlowGuest.Name)).Phase);
        VirtualMachine moved = await scene.Api.VmAsync(SlowGuest.Name);

        await scene.FollowAsync("2.", "3.", "4.", "5.", "6.");

        VirtualMachine found = await scene.Api.VmAsync(SlowGuest.Name);
        Assert.Equal((moved.Pid, moved.LaunchId), (found.Pid, found.LaunchId));
        Assert.True(found.Epoch > moved.Epoch && moved.Epoch >= backedUp, $"epochs: {backedUp}, {moved.Epoch}, {found.Epoch}");
        await scene.AssertNeverStoppedNorDoubledAsync(Deployment.Beta, OrdinaryStandstillMs);
        await scene.Api.MigrateAsync(SlowGuest.Name, Deployment.Alpha, SlowGuest.QuickPolicy());
        Migration back = await scene.Api.EndAsync(SlowGuest.Name);
        Assert.True(back is { Phase: "Succeeded", Verdict: "Verified" }, $"{Story.Of(back)}\n{scene.Deployment.Log()}");
        Assert.Single(await scene.QemusAsync());
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task AgentUpgrade_FollowedInTheMiddleOfAMigration_CostsTheGuestNothing()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("agent-upgrade", output);
        Part agent = scene.Deployment.Agent(Deployment.Alpha);
        string bin = Path.Combine(scene.Deployment.Folder, "bin");
        scene["BIN"] = bin;
        scene["NEW"] = Path.Combine(scene.Deployment.Folder, "new");
        foreach (string folder in new[] { bin, scene["NEW"] })
        {
            await ExternalCommand.Run("cp", ["-aL", AppContext.BaseDirectory, folder]);
        }

        await agent.EndAsync();
        agent.ProgramFolder = bin;
        agent.Start();
        await scene.Deployment.ConnectedAsync();
        await scene.Api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.Policy());
        await scene.Api.MigrationAsync(SlowGuest.Name, m => m is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
        int? before = agent.Pid;

        await scene.FollowAsync("1.", "2.", "3.");
        Migration copying = await scene.Api.MigrationAsync(SlowGuest.Name);
        await scene.FollowAsync("4.");

        Assert.NotEqual(before, agent.Pid);
        Assert.True(Directory.Exists(bin + ".old"));
        Assert.Equal(1, copying.Attempt);
        Assert.Equal(1, (await scene.Api.MigrationAsync(SlowGuest.Name)).Attempt);
        await scene.AssertNeverStoppedNorDoubledAsync(Deployment.Beta, SlowGuest.SwitchoverDeadlineMs);
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task Uninstall_Followed_LeavesTheGuestRunningAndDoublesNothing()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("uninstall", output);
        await File.WriteAllTextAsync(scene["DEFINITION"], SlowGuest.Definition(scene.Deployment));
        await scene.FollowAsync("1.", "2.", "3.");
        Part[] parts = [.. scene.Deployment.Coordinators, scene.Deployment.Agent(Deployment.Alpha), scene.Deployment.Agent(Deployment.Beta)];
        Assert.All(parts, part => Assert.False(part.IsRunning, part.Name));
        await scene.Console.MoreTicksAsync(20);

        await scene.FollowAsync("4.", "5.", "6.", "7.");

        Assert.Equal(scene.Started.Pid, (await scene.Api.VmAsync(SlowGuest.Name)).Pid);
        await scene.AssertNeverStoppedNorDoubledAsync(Deployment.Alpha, OrdinaryStandstillMs);
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task WipedAgentState_Followed_TakesTheGuestOverAsItRuns()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("wiped-agent-state", output);
        await scene.Deployment.Agent(Deployment.Alpha).KillAsync();
        Directory.Delete(scene["STATE"], recursive: true);

        await scene.FollowAsync("1.", "2.");
        Assert.Equal(scene.Started.Pid, (await scene.Api.VmAsync(SlowGuest.Name)).Pid);
        await scene.FollowAsync("3.");

        await scene.AssertNeverStoppedNorDoubledAsync(Deployment.Beta, OrdinaryStandstillMs);
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task ReinstalledHost_Followed_StartsTheGuestElsewhere()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("reinstalled-host", output);
        await File.WriteAllTextAsync(scene["DEFINITION"], SlowGuest.Definition(scene.Deployment));
        await scene.Deployment.Agent(Deployment.Alpha).KillAsync();
        RunningQemu guest = Assert.Single(await scene.QemusAsync());
        ProcessSignal.Kill(guest.Identity.Pid);
        await Eventually.BecomesTrue(() => !guest.Identity.IsAlive, Api.Limit, "the guest's QEMU to be dead");
        foreach (string lost in new[] { "state", "run" })
        {
            Directory.Delete(Path.Combine(scene.Deployment.Folder, Deployment.Alpha, lost), recursive: true);
            Directory.CreateDirectory(Path.Combine(scene.Deployment.Folder, Deployment.Alpha, lost));
        }

        scene.Deployment.Agent(Deployment.Alpha).Start();
        await scene.FollowAsync("1.", "2.");
        Assert.Empty(await scene.QemusAsync());
        await scene.FollowAsync("3.");

        await Eventually.BecomesTrue(() => scene.Console.HasTickedOn(Deployment.Beta), Api.Limit, "the guest to run on beta", scene.Deployment.Log);
        Assert.Single(await scene.QemusAsync());
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task MigrationInDoubt_Followed_EndsByTheMissingWord()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("migration-in-doubt", output);
        MigrationPolicy impatient = SlowGuest.Policy(switchoverDeadlineMs: 100);
        impatient.IterateDeadlineMs = 10_000;
        await scene.Api.MigrateAsync(SlowGuest.Name, Deployment.Beta, impatient);
        await scene.Api.MigrationAsync(SlowGuest.Name, m => m.Phase == "Iterating", "memory to be copied");
        Part[] agents = [scene.Deployment.Agent(Deployment.Alpha), scene.Deployment.Agent(Deployment.Beta)];
        await Task.WhenAll(agents.Select(a => a.KillAsync()));
        await scene.Api.MigrationAsync(SlowGuest.Name, m => m.Phase == "InDoubt", "the doubt");

        await scene.FollowAsync("1.", "2.", "3.", "4.");
        scene.LeaveOut("5.", "6.", "7.", "8.");

        Assert.True((await scene.Api.EndAsync(SlowGuest.Name)).Terminal);
        VirtualMachine vm = await scene.Api.VmAsync(SlowGuest.Name);
        await scene.AssertNeverStoppedNorDoubledAsync(vm.Host, SlowGuest.SwitchoverDeadlineMs);
        scene.AssertWholePageWasFollowed();
    }

    [Fact]
    public async Task MigrationInDoubt_FollowedWhenTheSourceHostIsDead_EndsByAPersonsWordAndTheGuestIsStartedAnew()
    {
        await using RunbookScene scene = await RunbookScene.StartAsync("migration-in-doubt", output);
        await File.WriteAllTextAsync(scene["DEFINITION"], SlowGuest.Definition(scene.Deployment));
        MigrationPolicy impatient = SlowGuest.Policy(switchoverDeadlineMs: 100);
        impatient.IterateDeadlineMs = 10_000;
        await scene.Api.MigrateAsync(SlowGuest.Name, Deployment.Beta, impatient);
        await scene.Api.MigrationAsync(SlowGuest.Name, m => m is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
        await scene.Deployment.Agent(Deployment.Alpha).KillAsync();
        ProcessSignal.Kill(scene.Started.Pid);
        await scene.Api.MigrationAsync(SlowGuest.Name, m => m.Phase == "InDoubt", "the doubt");

        await scene.FollowAsync("1.", "5.", "6.", "7.");
        await Eventually.Becomes(async () => (await scene.QemusAsync()).Count == 0 ? "" : null, Api.Limit, "nothing to be left of the lost guest", scene.Deployment.Log);
        await scene.FollowAsync("8.");
        scene.LeaveOut("2.", "3.", "4.");

        await Eventually.BecomesTrue(() => scene.Console.HasTickedOn(Deployment.Beta), Api.Limit, "the guest to run on beta", scene.Deployment.Log);
        Assert.Single(await scene.QemusAsync());
        scene.AssertWholePageWasFollowed();
    }
}
