using System.Diagnostics;
using System.Globalization;
using Coordinator.Chaos.Faults;
using Coordinator.Contracts.Api;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Observers;
using Coordinator.Lab.Processes;

namespace Coordinator.Chaos.Cluster;

/// <summary>Three guests on the move, one fault in the middle of it, and the judgement when everybody is there again: by QEMU's own events, the guests' own counts, and what clients were told.</summary>
internal sealed class ClusterRound(ClusterLab lab, ClusterFault fault)
{
    public const int SwitchoverDeadlineMs = 5_000;

    private const int Guests = 3;

    private static readonly TimeSpan s_moveLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan s_settleLimit = TimeSpan.FromSeconds(60);

    /// <summary>On a busy machine a process that is told to act at a deadline acts some tenths of a second later.</summary>
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_resolvedAfter = TimeSpan.FromSeconds(4);

    private static int s_rounds;

    private readonly int _number = Interlocked.Increment(ref s_rounds);
    private readonly List<HistoryRecord> _records = [];
    private double _load = MachineLoad.PerCore;

    public async Task<RoundResult> RunAsync()
    {
        long started = Stopwatch.GetTimestamp();
        await lab.RestoreAsync();
        Dictionary<string, int> lives = lab.Members.ToDictionary(member => member.Name, member => member.Revived, StringComparer.Ordinal);
        List<Traveller> travellers = [.. Enumerable.Range(0, Guests).Select(guest => new Traveller(lab, string.Create(CultureInfo.InvariantCulture, $"guest-{_number}-{guest}"), Note))];
        List<string> hosts = [.. lab.Hosts.Select(member => member.Name)];
        try
        {
            foreach ((int i, Traveller traveller) in travellers.Index())
            {
                await traveller.StartAsync(hosts[i]);
            }

            Meanwhile meanwhile = await StrikeAsync(travellers);
            _load = Math.Max(_load, MachineLoad.PerCore);
            List<string> violations = [];
            foreach (Traveller traveller in travellers)
            {
                violations.AddRange(await traveller.RepeatAsync());
                violations.AddRange(await PlaceAsync(traveller));
            }

            (Judgement judgement, List<Violation> undecided) = await JudgeAsync(travellers);
            violations.AddRange(judgement.Violations.Except(undecided).Select(violation => violation.ToString()));
            violations.AddRange(Unwritten(judgement, travellers));
            return new RoundResult
            {
                Fault = fault.Name,
                Violations = violations,
                Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
                Moves = travellers.Sum(traveller => traveller.Moves),
                Outcomes = [.. travellers.SelectMany(traveller => traveller.Outcomes).CountBy(outcome => outcome).OrderByDescending(outcome => outcome.Value).Select(outcome => $"{outcome.Value} x {outcome.Key}")],
                StandstillMs = LongestStandstillMs(travellers),
                Counted = travellers.Sum(traveller => traveller.Guest.Count),
                Revived = [.. lab.Members.Where(member => member.Revived > lives[member.Name]).Select(member => string.Create(CultureInfo.InvariantCulture, $"{member.Name} x {member.Revived - lives[member.Name]}"))],
                Said = [.. meanwhile.Said.Select((said, node) => string.Create(CultureInfo.InvariantCulture, $"meanwhile coordinator-{node}: {said}"))],
                EndedMeanwhile = meanwhile.Ended,
                Judged = string.Join(", ", judgement.Counted.Select(count => $"{count.Value} {count.Key}")),
                Undecided = [.. undecided.Select(violation => violation.ToString())],
                Load = Math.Round(_load, 1),
            };
        }
        finally
        {
            await RemoveAsync(travellers);
        }
    }

    private async Task<Meanwhile> StrikeAsync(List<Traveller> travellers)
    {
        using CancellationTokenSource enough = new();
        Task load = Task.WhenAll(travellers.Select(traveller => traveller.MoveUntilAsync(enough.Token)));
        try
        {
            await MovedAsync(travellers, load, "to be on the move");
            Meanwhile meanwhile = await BefallAsync(travellers);
            await lab.WellAsync();
            await MovedAsync(travellers, load, "to move on after the fault");
            return meanwhile;
        }
        finally
        {
            await enough.CancelAsync();
            await load;
        }
    }

    private async Task<Meanwhile> BefallAsync(List<Traveller> travellers)
    {
        int[] before = [.. travellers.Select(traveller => traveller.Arrivals)];
        int Arrived() => travellers.Select((traveller, i) => traveller.Arrivals - before[i]).Sum();
        Fault one = fault.Make(lab, Note);
        try
        {
            await one.BeginAsync();
            one.Restart();
            IReadOnlyList<string> said = [];
            if (one.Lasts > TimeSpan.Zero)
            {
                // Late enough for a decision of the cluster, and before the fault is over.
                await Eventually.Lasts(one.Lasts * 0.8);
                said = await SaidAsync();
                await Eventually.Lasts(one.Lasts * 0.2);
            }

            if (fault.OthersActOn)
            {
                // What was under way when it began may be one, the next one is asked for and decided by those who are left.
                await Eventually.BecomesTrue(
                    () => travellers.Index().All(one => one.Item.Arrivals >= before[one.Index] + 2), s_moveLimit, "each guest to arrive twice while it lasts, by the others' doing",
                    () => string.Join("; ", said));
            }

            return new Meanwhile(said, Arrived());
        }
        finally
        {
            await one.EndAsync();
        }
    }

    /// <summary>By each coordinator; of a fault that must be said, as soon as one of them says it.</summary>
    private async Task<IReadOnlyList<string>> SaidAsync()
    {
        async Task<string[]> Ask() => await Task.WhenAll(Enumerable.Range(0, ClusterLab.Coordinators).Select(lab.SaysAsync));
        return !fault.IsSaid ? await Ask() : await Eventually.Becomes(
            async () => await Ask() is var said && said.Any(word => word != ClusterLab.AllIsWell) ? said : null, s_moveLimit, "a coordinator to say that something is amiss", lab.Log);
    }

    /// <summary>Each of them has been accepted for another move.</summary>
    private static async Task MovedAsync(List<Traveller> travellers, Task load, string what)
    {
        int[] before = [.. travellers.Select(traveller => traveller.Moves)];
        await Eventually.BecomesTrue(
            () => load.IsFaulted || travellers.Index().All(one => one.Item.Moves > before[one.Index]), s_moveLimit, $"all guests {what}",
            () => string.Join('\n', travellers.SelectMany(traveller => traveller.Outcomes.Select(outcome => $"{traveller.Name}: {outcome}"))));
        if (load.IsFaulted)
        {
            await load;
        }
    }

    /// <summary>One process, where the coordinators say, that goes on counting as it always did.</summary>
    private async Task<IReadOnlyList<string>> PlaceAsync(Traveller traveller)
    {
        try
        {
            VirtualMachine? said = null;
            await Eventually.Becomes(
                async () => lab.Recording.Of(traveller.Name).Where(qemu => qemu.IsAlive).ToList() is [var only]
                    && (said = await lab.Api.VmAsync(traveller.Name)) is { Residence: "Resident", RunState: "running" }
                    && said.Host == only.Host && said.Pid == only.Pid && said.Host == traveller.Host ? said : null,
                s_settleLimit, $"{traveller.Name} to run once, on {traveller.Host}, and the coordinators to say so",
                () => $"alive: {string.Join(", ", lab.Recording.Of(traveller.Name).Where(qemu => qemu.IsAlive).Select(qemu => $"{qemu.Host}/{qemu.Pid}"))}; said: {said}");
            await traveller.Guest.CountsOnAsync(5);
            return traveller.Guest.Broken() is { } broken ? [broken] : [];
        }
        catch (TimeoutException missed)
        {
            return [missed.Message];
        }
    }

    private async Task<(Judgement Judgement, List<Violation> Undecided)> JudgeAsync(List<Traveller> travellers)
    {
        HashSet<string> names = [.. travellers.Select(traveller => traveller.Name)];
        int runs = travellers.Sum(traveller => lab.Recording.Runs(traveller.Name).Count);
        List<HistoryRecord> Read() => [.. Records(), .. HistoryLines.ReadDirectory(lab.Recording.Directory).Where(record => record is not VmRecord of || names.Contains(of.Vm.Value))];
        List<HistoryRecord> read = [];
        await Eventually.IsTrue(() => (read = Read()).OfType<RunBegan>().Count() >= runs, TimeSpan.FromSeconds(10));
        Judgement judgement = HistoryJudge.Judge(read, new JudgeSettings
        {
            SwitchoverDeadlineMicros = SwitchoverDeadlineMs * 1_000,
            StandstillMarginMicros = (long)(s_margin * _load).TotalMicroseconds,
            ResolvedAfterFaultMicros = (long)(s_resolvedAfter * _load).TotalMicroseconds,
        });
        return (judgement, [.. judgement.Violations.Where(violation => violation.IsUndecided)]);
    }

    /// <summary>A history in which they are missing would be judged good as well.</summary>
    private IEnumerable<string> Unwritten(Judgement judgement, List<Traveller> travellers)
    {
        int runs = travellers.Sum(traveller => lab.Recording.Runs(traveller.Name).Count);
        if (judgement.Counted["runs"] != runs)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the history has {judgement.Counted["runs"]} runs of the guests, and their observers saw {runs}");
        }

        if (judgement.Counted["register operations"] == 0)
        {
            yield return "the agents have written down no operation of a register";
        }
    }

    private double LongestStandstillMs(List<Traveller> travellers) => travellers.Max(traveller =>
    {
        IReadOnlyList<GuestRun> runs = lab.Recording.Runs(traveller.Name);
        return runs.Zip(runs.Skip(1), (one, next) => one.To is { } to ? (next.From - to).TotalMilliseconds : 0).DefaultIfEmpty().Max();
    });

    private async Task RemoveAsync(List<Traveller> travellers)
    {
        foreach (SeenQemu qemu in travellers.SelectMany(traveller => lab.Recording.Of(traveller.Name)).Where(qemu => qemu.IsAlive))
        {
            ProcessSignal.Kill(qemu.Pid);
        }

        await Eventually.BecomesTrue(() => travellers.SelectMany(traveller => lab.Recording.Of(traveller.Name)).All(qemu => !qemu.IsAlive), s_settleLimit, "the guests of the round to be gone");
    }

    private List<HistoryRecord> Records()
    {
        lock (_records)
        {
            return [.. _records];
        }
    }

    /// <summary>While the fault lasted: what each coordinator said late in it, and how many guests arrived.</summary>
    private sealed record Meanwhile(IReadOnlyList<string> Said, int Ended);

    private void Note(HistoryRecord record)
    {
        lock (_records)
        {
            _records.Add(record);
        }
    }
}
