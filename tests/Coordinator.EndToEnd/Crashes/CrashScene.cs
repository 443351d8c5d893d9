using Coordinator.Contracts.Api;
using Coordinator.EndToEnd.Streams;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd.Crashes;

/// <summary>
/// A migration from alpha to beta, of a guest of its own, that is brought to a place of its course, there loses a part by SIGKILL, and is then judged: from its story, from the
/// kernel's list of processes and from what the guest itself wrote.
/// </summary>
internal sealed class CrashScene : IAsyncDisposable
{
    private readonly CrashLab _lab;
    private readonly string _guest;
    private readonly ITestOutputHelper _output;
    private readonly TickWatch _ticks;
    private StreamHold? _hold;
    private bool _isGood;
    private IReadOnlyList<RunningQemu> _before = [];
    private DateTimeOffset _killedAt = DateTimeOffset.MaxValue;
    private Progress _reached = new();

    private CrashScene(CrashLab lab, Deployment deployment, StreamRelay relay, string guest, TickConsole console, VirtualMachine started, ITestOutputHelper output)
    {
        (_lab, Deployment, Relay, _guest, Console, Started, _output) = (lab, deployment, relay, guest, console, started, output);
        _ticks = new TickWatch(() => console.LastTick);
    }

    public Deployment Deployment { get; }

    public StreamRelay Relay { get; }

    public TickConsole Console { get; }

    /// <summary>The guest as it was before the migration.</summary>
    public VirtualMachine Started { get; }

    public Api Api => Deployment.Api;

    public Part SourceAgent => Deployment.Agent(Deployment.Alpha);

    /// <param name="lab">Where.</param>
    /// <param name="output">Takes the story.</param>
    public static async Task<CrashScene> StartAsync(CrashLab lab, ITestOutputHelper output)
    {
        (Deployment deployment, StreamRelay relay, string guest) = await lab.FreshAsync();
        try
        {
            (VirtualMachine started, TickConsole console) = await SlowGuest.StartAsync(deployment, name: guest);
            return new CrashScene(lab, deployment, relay, guest, console, started, output);
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Migrates until a client sees this.</summary>
    public async Task MigrateUntilAsync(MigrationPolicy policy, Func<Migration, bool> wanted, string awaited)
    {
        await Api.MigrateAsync(_guest, Deployment.Beta, policy);
        await UntilAsync(wanted, awaited);
        _before = RunningQemu.OfGuest(_guest);
        Assert.Equal(2, _before.Count);
        Assert.Contains(Started.Pid, _before.Select(qemu => qemu.Identity.Pid));
    }

    /// <summary>Migrates until the guest stands still, <c>migrate-continue</c> was sent, and the destination waits for the rest of the stream.</summary>
    public async Task<StreamHold> MigrateIntoTheSwitchoverAsync(MigrationPolicy policy)
    {
        StreamHold hold = new();
        Relay.Hold = _hold = hold;
        await MigrateUntilAsync(policy, migration => migration.Phase == "Switchover" && hold.IsReached, "the switchover to be held");
        return hold;
    }

    public async Task UntilAsync(Func<Migration, bool> wanted, string awaited) =>
        _reached = (await Api.MigrationAsync(_guest, wanted, awaited)).Progress ?? _reached;

    public void FreezeCoordinators() => Each(Deployment.Coordinators, part => part.Freeze());

    public void ThawCoordinators() => Each(Deployment.Coordinators, part => part.Thaw());

    /// <summary>SIGKILL. Agents are started again at once, as their supervisor does; coordinators stay dead, since the other one takes over.</summary>
    public async Task KillAsync(Victim victim)
    {
        Part part = victim switch
        {
            Victim.FirstCoordinator => Deployment.Coordinators[0],
            Victim.SecondCoordinator => Deployment.Coordinators[1],
            Victim.SourceAgent => SourceAgent,
            _ => Deployment.Agent(Deployment.Beta),
        };
        _killedAt = DateTimeOffset.UtcNow;
        await part.KillAsync();
        if (!IsCoordinator(victim))
        {
            part.Start();
        }
    }

    /// <summary>Waits for the end. What the stream has done never falls meanwhile: a second stream would begin at 0.</summary>
    /// <param name="phase">In which the part died.</param>
    /// <param name="leftBy">Journalled when that phase is left, any of them: must be younger than the death, or the test has missed its place.</param>
    /// <param name="standstillAtMostMs">By the guest's own ticks.</param>
    public async Task<Migration> EndAsync(string phase, string[] leftBy, int standstillAtMostMs = SlowGuest.SwitchoverDeadlineMs)
    {
        (long elapsedMs, long transferred) = (_reached.ElapsedMs, _reached.TransferredBytes);
        List<string> falls = [];
        Migration ended = await Api.MigrationAsync(
            _guest,
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
        TimeSpan longest = await _ticks.StopAfterMoreAsync(5);

        _output.WriteLine($"killed in {phase} at {_killedAt:HH:mm:ss.fff}, {_reached}; longest standstill seen from outside {longest.TotalMilliseconds:0} ms\n{Story.Of(ended)}");
        Assert.Empty(falls);
        TimelineEntry left = ended.Timeline.First(entry => leftBy.Contains(entry.Event));
        Assert.True(left.At.ToDateTimeOffset() > _killedAt, $"{phase} was over before the kill: {Story.Of(ended)}");
        Assert.True(longest.TotalMilliseconds < standstillAtMostMs, $"the guest stood still for {longest.TotalMilliseconds:0} ms");
        return ended;
    }

    /// <summary>The QEMU that was filled has the guest, went on exactly where the other one stopped, and is all that is left.</summary>
    public async Task AssertMovedAsync(Migration ended)
    {
        Assert.True(ended is { Phase: "Succeeded", Attempt: 1, Verdict: "Verified" }, $"{Story.Of(ended)}\n{Deployment.Log()}");
        Assert.Empty(ended.Owed);
        Assert.True(ended.Progress is { RemainingBytes: 0, TransferredBytes: > 0, ElapsedMs: > 0 }, Story.Of(ended));
        RunningQemu left = await AssertOneCopyAsync(Deployment.Beta);
        Assert.NotEqual(Started.Pid, left.Identity.Pid);
        _isGood = true;
    }

    /// <summary>The guest is where it was, in the same process, and nothing is left of the attempt.</summary>
    public async Task AssertStayedAsync(Migration ended)
    {
        Assert.True(ended is { Phase: "Failed", Attempt: 1, Reason.Length: > 0 }, $"{Story.Of(ended)}\n{Deployment.Log()}");
        Assert.Empty(ended.Owed);
        RunningQemu left = await AssertOneCopyAsync(Deployment.Alpha);
        Assert.Equal(Started.Pid, left.Identity.Pid);
        Assert.False(Console.HasTickedOn(Deployment.Beta));
        _isGood = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _ticks.DisposeAsync();
        await _lab.TakeBackAsync(_guest, _hold, _isGood);
    }

    private static bool IsCoordinator(Victim victim) => victim is Victim.FirstCoordinator or Victim.SecondCoordinator;

    private static void Each(IEnumerable<Part> parts, Action<Part> act)
    {
        foreach (Part part in parts)
        {
            act(part);
        }
    }

    private async Task<RunningQemu> AssertOneCopyAsync(string host)
    {
        VirtualMachine after = await Api.VmAsync(_guest);
        Assert.Equal(("Resident", host, "running"), (after.Residence, after.Host, after.RunState));
        RunningQemu left = Assert.Single(RunningQemu.OfGuest(_guest));
        Assert.Contains(left, _before);
        Assert.Equal(after.Pid, left.Identity.Pid);
        string other = host == Deployment.Alpha ? Deployment.Beta : Deployment.Alpha;
        long quiet = Console.Length(other);
        await Console.MoreTicksAsync(5);
        Assert.Equal(quiet, Console.Length(other));
        Console.AssertContiguous(Deployment.Alpha, Deployment.Beta);
        return left;
    }
}
