using System.Globalization;
using Coordinator.Chaos.Faults;
using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Observers;
using MigrationPhase = Coordinator.Domain.Migration.MigrationPhase;

namespace Coordinator.Chaos.Cells;

/// <summary>What a cell was when it was struck, and the judgement of what became of it: from QEMU's own events and the kernel's processes, and from what the coordinators claim.</summary>
internal sealed class CellScene(ChaosLab lab, Cell cell, string vm, VirtualMachine started, Strike strike, TickConsole? console)
{
    /// <summary>On a busy machine a process that is told to act at a deadline acts some tenths of a second later.</summary>
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_resolvedAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_writtenLimit = TimeSpan.FromSeconds(10);

    /// <summary>The greatest so far: a neighbour may begin in the middle of the cell.</summary>
    private double _load = MachineLoad.PerCore;
    private DateTimeOffset _struckAt = DateTimeOffset.MaxValue;
    private IReadOnlyList<int> _filled = [];
    private string _counted = "";
    private IReadOnlyList<string> _unexplained = [];

    /// <summary>The fault comes now; which destination is being filled must be known.</summary>
    public void Struck()
    {
        _struckAt = DateTimeOffset.UtcNow;
        _load = Math.Max(_load, MachineLoad.PerCore);
        _filled = [.. lab.Observer.Of(vm).Where(qemu => qemu.Host == Deployment.Beta && qemu.IsAlive).Select(qemu => qemu.Pid)];
    }

    public async Task<CellResult> JudgeAsync(Migration? ended)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        _load = Math.Max(_load, MachineLoad.PerCore);
        IReadOnlyList<GuestRun> runs = lab.Observer.Runs(vm);
        IReadOnlyList<SeenQemu> alive = [.. lab.Observer.Of(vm).Where(qemu => qemu.IsAlive)];
        List<string> violations = [.. Truth(ended, runs, alive)];
        if (ended is { Terminal: true })
        {
            violations.AddRange(await ResidenceAsync(ended, alive));
        }

        (double standstillMs, string blame) = Standstill(runs, ended, now);
        violations.AddRange(await JudgeHistoryAsync(runs.Count));
        if (console is not null && await CountAsync(console) is { } wrong)
        {
            violations.Add(wrong);
        }

        return new CellResult
        {
            Cell = cell.Name,
            Phase = ended?.Phase ?? "none",
            Verdict = ended?.Verdict ?? "",
            Reason = ended?.Reason ?? "",
            StandstillMs = Math.Round(standstillMs, 1),
            Blame = blame,
            SettledAfterMs = ended?.Timeline.LastOrDefault() is { } last ? Math.Round((last.At.ToDateTimeOffset() - _struckAt).TotalMilliseconds) : -1,
            Violations = violations,
            Judged = _counted,
            Ticks = console?.LastTick ?? 0,
            Unexplained = _unexplained,
            Load = Math.Round(_load, 1),
            Story = violations.Count > 0 || cell.MustLive is not true ? CellResult.Describe(ended) : "",
            Runs = [.. runs.Select(run => run.ToString())],
        };
    }

    private IEnumerable<string> Truth(Migration? ended, IReadOnlyList<GuestRun> runs, IReadOnlyList<SeenQemu> alive)
    {
        string[] running = [.. runs.Where(run => run.To is null).Select(run => $"{run.Host}/{run.Pid}")];
        if (running.Length > 1)
        {
            yield return $"two copies run at the end: {string.Join(", ", running)}";
        }

        bool lives = running.Length == 1;
        switch (ended?.Phase)
        {
            case "Succeeded" when lives:
                foreach (string wrong in Only(Deployment.Beta, alive, wanted => _filled.Count == 0 || _filled.Contains(wanted)))
                {
                    yield return wrong;
                }

                break;
            case "Failed" or "Cancelled" when lives:
                foreach (string wrong in Only(Deployment.Alpha, alive, wanted => wanted == started.Pid))
                {
                    yield return wrong;
                }

                break;
            case "Succeeded" or "Failed" or "Cancelled" or "Lost" when !lives && cell.MustLive is true:
                yield return $"no copy runs after {ended.Phase}, and one could";
                break;
            case "Lost" when lives:
                yield return "lost, and yet a copy runs";
                break;
            case "InDoubt" when cell.MustLive is true:
                yield return "in doubt without need";
                break;
            case null or not ("Succeeded" or "Failed" or "Cancelled" or "Lost" or "InDoubt"):
                yield return $"not over: {ended?.Phase ?? "no migration"}";
                break;
            default:
                break;
        }
    }

    private static IEnumerable<string> Only(string host, IReadOnlyList<SeenQemu> alive, Func<int, bool> isKnown)
    {
        if (alive.Count != 1 || alive[0].Host != host)
        {
            yield return $"left are {string.Join(", ", alive.Select(qemu => string.Create(CultureInfo.InvariantCulture, $"{qemu.Host}/{qemu.Pid}")))}; only one on {host} may be";
        }
        else if (!isKnown(alive[0].Pid))
        {
            yield return $"the guest runs in process {alive[0].Pid}, which is none of those that were there when the fault struck";
        }
    }

    private async Task<IReadOnlyList<string>> ResidenceAsync(Migration ended, IReadOnlyList<SeenQemu> alive)
    {
        try
        {
            if (alive.Count > 1)
            {
                return [];
            }

            if (alive.Count == 0)
            {
                await Eventually.Becomes(
                    async () => await lab.Api.VmAsync(vm) is { Residence: "Absent" } gone ? gone : null, TimeSpan.FromSeconds(15), "the coordinators to say that the guest is gone");
                return [];
            }

            string host = alive[0].Host;
            await Eventually.Becomes(
                async () => await lab.Api.VmAsync(vm) is { Residence: "Resident", RunState: "running" } there && there.Host == host && there.Pid == alive[0].Pid ? there : null,
                TimeSpan.FromSeconds(15), $"the coordinators to say that the guest runs on {host}");
            return [];
        }
        catch (TimeoutException e)
        {
            return [$"{e.Message} after {ended.Phase}; they say {await lab.Api.VmAsync(vm)}"];
        }
    }

    /// <summary>The longest time without any running copy, and who came back last before its end. Whether it was too long is judged by the history.</summary>
    private (double Ms, string Blame) Standstill(IReadOnlyList<GuestRun> runs, Migration? ended, DateTimeOffset now)
    {
        (DateTimeOffset From, DateTimeOffset To) worst = (now, now);
        DateTimeOffset covered = runs.Count == 0 ? now : runs[0].From;
        foreach (GuestRun run in runs)
        {
            worst = run.From - covered > worst.To - worst.From ? (covered, run.From) : worst;
            covered = run.To is not { } to ? DateTimeOffset.MaxValue : to > covered ? to : covered;
        }

        bool mayRest = ended?.Phase is "Lost" or "InDoubt" || cell.MustLive is not true;
        if (covered != DateTimeOffset.MaxValue && !mayRest && now - covered > worst.To - worst.From)
        {
            worst = (covered, now);
        }

        TimeSpan longest = worst.To - worst.From;
        TimeSpan allowed = TimeSpan.FromMilliseconds(cell.Place.SwitchoverDeadlineMs) + (s_margin * _load);
        if (longest <= allowed || mayRest)
        {
            return (longest.TotalMilliseconds, "");
        }

        // Longer than the deadline: somebody who alone could act was away, and it was over soon after the last of them was back.
        foreach (FaultEnded back in strike.Records.OfType<FaultEnded>().OrderByDescending(ended => ended.AtMicros))
        {
            DateTimeOffset at = DateTimeOffset.UnixEpoch.AddMicroseconds(back.AtMicros);
            if (at > worst.From && worst.To - at <= s_resolvedAfter * _load)
            {
                return (longest.TotalMilliseconds, string.Create(CultureInfo.InvariantCulture, $"{back.Party} away until {Math.Max(0, (worst.To - at).TotalMilliseconds):0} ms before the end"));
            }
        }

        return (longest.TotalMilliseconds, "nobody");
    }

    /// <returns>What is wrong with the guest's own count: it stands still, or a step of it is missing or there twice.</returns>
    private static async Task<string?> CountAsync(TickConsole console)
    {
        try
        {
            await console.MoreTicksAsync(5);
            return console.Broken(Deployment.Alpha, Deployment.Beta);
        }
        catch (TimeoutException)
        {
            return $"the guest does not count on from {console.LastTick}";
        }
    }

    /// <param name="runs">Of the guest, as the observers have told this process: a history in which they are missing would be judged good as well.</param>
    private async Task<IReadOnlyList<string>> JudgeHistoryAsync(int runs)
    {
        JudgeSettings settings = new()
        {
            SwitchoverDeadlineMicros = cell.Place.SwitchoverDeadlineMs * 1_000,
            StandstillMarginMicros = (long)(s_margin * _load).TotalMicroseconds,
            ResolvedAfterFaultMicros = (long)(s_resolvedAfter * _load).TotalMicroseconds,
        };
        Judgement judgement = HistoryJudge.Judge(await ReadAsync(runs), settings);
        _counted = string.Join(", ", judgement.Counted.Select(count => $"{count.Value} {count.Key}"));
        List<Violation> open = [.. judgement.Violations.Where(violation => violation.IsUndecided)];
        _unexplained = [.. open.Select(violation => violation.ToString())];
        return
        [
            .. judgement.Violations.Except(open).Where(violation => cell.MustLive is true || violation.Checker != Standstills.Name).Select(violation => violation.ToString()),
            .. Unwritten(judgement.Counted, runs),
        ];
    }

    private IEnumerable<string> Unwritten(IReadOnlyDictionary<string, int> counted, int runs)
    {
        if (runs == 0 || counted["runs"] != runs)
        {
            yield return $"the history has {counted["runs"]} runs of the guest, and its observers saw {runs}";
        }

        // Before its register is open a destination has nothing to write.
        if (cell.Place != CellPlace.Preparing && counted["register operations"] == 0)
        {
            yield return "the agents have written down no operation of a register";
        }

        if (counted["acknowledged requests"] == 0)
        {
            yield return "no request was acknowledged";
        }
    }

    /// <summary>All of this VM, and the faults. What was added to a writer a moment ago may not be in its file yet.</summary>
    private async Task<List<HistoryRecord>> ReadAsync(int runs)
    {
        List<HistoryRecord> Read() => [.. strike.Records, .. HistoryLines.ReadDirectory(lab.HistoryFolder).Where(record => record is not VmRecord of || of.Vm.Value == vm)];
        try
        {
            return await Eventually.Becomes(() => Read() is var read && read.OfType<RunBegan>().Count() >= runs ? read : null, s_writtenLimit, "the history to be written");
        }
        catch (TimeoutException)
        {
            return Read();
        }
    }
}
