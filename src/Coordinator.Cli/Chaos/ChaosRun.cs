using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;

namespace Coordinator.Cli.Chaos;

/// <summary>Round after round: a VM of the plan is moved, a fault of the plan strikes, and what must hold afterwards is looked at. What is drawn by lot follows from the seed.</summary>
internal sealed class ChaosRun(CoordinatorConnection connection, ChaosPlan plan, MigrationPolicy policy, int seed, Action<string> say)
{
    const int LongestDelayMs = 300;

    readonly Random lot = new(seed);
    readonly List<HistoryRecord> history = [];
    readonly List<string> left = [.. plan.Vms];
    readonly List<Migration> ended = [];

    /// <summary>What coordctl itself saw and did; agents' recordings come beside it.</summary>
    public IReadOnlyList<HistoryRecord> History => history;

    public int InDoubt { get; private set; }

    public List<string> Violations { get; } = [];

    public async Task Run(int rounds, CancellationToken cancellation)
    {
        for (var number = 1; number <= rounds && left.Count > 0; number++)
        {
            var name = left[(number - 1) % left.Count];
            var vm = await connection.Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = name }, options), cancellation);
            if (vm.Residence != "Resident" || vm.RunState != "running")
            {
                left.Remove(name);
                say($"{name} is {vm.Residence} {vm.RunState}: it is left alone from here");
                continue;
            }
            var fault = plan.Faults[lot.Next(plan.Faults.Count)];
            StrikeMoment moment = new(fault.During[lot.Next(fault.During.Count)], TimeSpan.FromMilliseconds(lot.Next(LongestDelayMs)));
            var others = plan.Hosts.Where(host => host != vm.Host).ToList();
            var destination = others[lot.Next(others.Count)];
            var result = await new ChaosRound(connection, plan, history.Add).Run(vm, destination, policy, fault, moment, $"chaos-{seed}-{number}-{Guid.NewGuid():N}", cancellation);
            Take(number, vm, destination, fault, moment, result);
            if (ended.FindLast(before => before.Vm == vm.Name && before.Id != result.Ended?.Id) is { } former)
                await LookAgain(former, cancellation);
        }
        await LookAgain(cancellation);
    }

    /// <summary>Everything that was seen, with what the agents have recorded, before the checkers of the project's own test suites.</summary>
    public Judgement Judge()
    {
        JudgeSettings settings = new() { ClockToleranceMicros = (long)plan.ClockTolerance.TotalMicroseconds };
        if (policy.HasSwitchoverDeadlineMs)
            settings = settings with { SwitchoverDeadlineMicros = policy.SwitchoverDeadlineMs * 1_000L };
        else
            settings = settings with { SwitchoverDeadlineMicros = (long)TimeSpan.FromSeconds(5).TotalMicroseconds };
        return HistoryJudge.Judge([.. history, .. plan.Histories.SelectMany(HistoryLines.ReadDirectory).Where(IsOurs)], settings);
    }

    /// <summary>Of the plan's VMs from the agents' first record on: the checkers follow a guest from its launch.</summary>
    bool IsOurs(HistoryRecord found) => found is not VmRecord of || plan.Vms.Contains(of.Vm.Value);

    void Take(int number, VirtualMachine vm, string destination, PlannedFault fault, StrikeMoment moment, RoundResult result)
    {
        if (result.Ended is { } over)
            ended.Add(over);
        if (result.IsInDoubt)
        {
            InDoubt++;
            left.Remove(vm.Name);
        }
        Violations.AddRange(result.Violations.Select(violation => $"round {number}: {violation}"));
        var outcome = result.Ended is { } known
            ? $"{known.Phase}{(known.Verdict.Length > 0 ? $" {known.Verdict}" : "")}{(known.Blackout is { } blackout ? string.Create(CultureInfo.InvariantCulture, $", blackout {blackout.TotalMicros / 1_000.0:0.0} ms") : "")}"
            : "not over";
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"{(result.Violations.Count == 0 ? "ok  " : "BAD ")} {number,4}  {vm.Name} {vm.Host} to {destination}, '{fault.Name}' {moment.Delay.TotalMilliseconds:0} ms into {moment.Phase}: {outcome}, {Math.Max(0, result.SettledAfter.TotalSeconds):0.0} s after its end"));
        foreach (var violation in result.Violations)
            say($"        {violation}");
    }

    /// <summary>
    /// An acknowledged result is final: each is asked for once more after its VM's next round, and all that are still kept at the end, of coordinators that were killed and started
    /// meanwhile. Coordinators keep a VM's last migrations only, so the older ones of a long run are not known any more then.
    /// </summary>
    async Task LookAgain(CancellationToken cancellation)
    {
        foreach (var ofVm in ended.GroupBy(before => before.Vm))
        {
            await LookAgain(ofVm.Last(), cancellation);
            try
            {
                foreach (var before in ofVm.Reverse().Skip(1))
                    await LookAgain(before, cancellation);
            }
            catch (CommandFailure forgotten) when (forgotten.ExitCode == ExitCode.NotFound)
            {
                // Nor are the ones before it.
            }
        }
    }

    async Task LookAgain(Migration before, CancellationToken cancellation)
    {
        var now = await connection.Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = before.Vm, MigrationId = before.Id }, options), cancellation);
        history.Add(ChaosRound.Seen(new VmName(now.Vm), now));
    }
}
