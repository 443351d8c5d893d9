using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.History;
using Migration = Coordinator.Contracts.Api.Migration;

namespace Coordinator.Cli.Chaos;

/// <summary>What a round came to.</summary>
internal sealed record RoundResult(Migration? Ended, TimeSpan SettledAfter, IReadOnlyList<string> Violations)
{
    public bool IsInDoubt => Ended?.Phase == MigrationOutcome.InDoubtPhase;
}

/// <summary>One migration and one fault in it, judged by what the coordinators say before, meanwhile and afterwards.</summary>
/// <param name="connection">To the coordinators.</param>
/// <param name="plan">Whose round it is.</param>
/// <param name="record">Takes the history: acknowledgements, results, faults.</param>
internal sealed class ChaosRound(CoordinatorConnection connection, ChaosPlan plan, Action<HistoryRecord> record)
{
    /// <summary>Phases pass within tenths of a second.</summary>
    static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(250);

    public async Task<RoundResult> Run(VirtualMachine vm, string destination, MigrationPolicy policy, PlannedFault fault, StrikeMoment moment, string requestId, CancellationToken cancellation)
    {
        var source = vm.Host;
        var request = new StartMigrationRequest { RequestId = requestId, Vm = vm.Name, DestinationHost = destination, Policy = policy };
        var started = await connection.Ask((api, options) => api.StartMigrationAsync(request, options), cancellation);
        VmName name = new(vm.Name);
        record(new RequestAcknowledged(HistoryClock.NowMicros(), name, new RequestId(requestId), Guid.Parse(started.Id)));
        await Come(started, moment, cancellation);

        var healed = connection.Clock.GetTimestamp();
        await Strike(fault, vm.Name, new HostName(source), new HostName(destination), () => healed = connection.Clock.GetTimestamp(), cancellation);
        List<string> violations = [];
        var ended = await Ended(started, violations, cancellation);
        var after = connection.Clock.GetElapsedTime(healed);
        if (ended is not null)
        {
            record(Seen(name, ended));
            violations.AddRange(await Residence(ended, fault, cancellation));
        }
        return new(ended, after, violations);
    }

    public static ResultSeen Seen(VmName vm, Migration migration) => new(
        HistoryClock.NowMicros(), vm, Guid.Parse(migration.Id), Enum.Parse<MigrationPhase>(migration.Phase),
        Enum.GetValues<MigrationVerdict>().Cast<MigrationVerdict?>().FirstOrDefault(verdict => verdict.ToString() == migration.Verdict.Replace("(lap-blind)", "LapBlind", StringComparison.Ordinal)));

    async Task Come(Migration started, StrikeMoment moment, CancellationToken cancellation)
    {
        var asked = connection.Clock.GetTimestamp();
        var now = started;
        while (!moment.HasCome(now) && connection.Clock.GetElapsedTime(asked) < plan.Settle)
        {
            await Task.Delay(s_look, connection.Clock, cancellation);
            now = await Get(started, cancellation);
        }
        await Task.Delay(moment.Delay, connection.Clock, cancellation);
    }

    async Task Strike(PlannedFault fault, string vm, HostName source, HostName destination, Action healed, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["VM"] = vm, ["SOURCE"] = source.Value, ["DESTINATION"] = destination.Value };
        var parties = StruckParty.Of(fault.Hits, source, destination).ToList();
        parties.ForEach(party => record(new FaultBegan(HistoryClock.NowMicros(), party, fault.Kind)));
        try
        {
            await FaultCommand.Run($"the strike of '{fault.Name}'", fault.Strike, environment, cancellation);
            await Task.Delay(fault.Lasts, connection.Clock, cancellation);
        }
        finally
        {
            // Also after a Ctrl-C: what the plan has broken is not left broken.
            if (fault.Heal.Length > 0)
                await FaultCommand.Run($"the healing of '{fault.Name}'", fault.Heal, environment, CancellationToken.None);
            healed();
        }
        parties.ForEach(party => record(new FaultEnded(HistoryClock.NowMicros(), party, fault.Kind)));
    }

    /// <returns>As it ended, or in doubt; null when it did not end in time.</returns>
    async Task<Migration?> Ended(Migration started, List<string> violations, CancellationToken cancellation)
    {
        using var settle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        settle.CancelAfter(plan.Settle);
        try
        {
            return await new MigrationWatch(connection).Follow(started.Vm, started.Id, _ => { }, settle.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            violations.Add(string.Create(CultureInfo.InvariantCulture, $"migration {started.Id} of {started.Vm} was not over {plan.Settle.TotalSeconds:0} s after the fault"));
        }
        catch (CommandFailure failure) when (failure.ExitCode is ExitCode.Unreachable or ExitCode.NotFound)
        {
            violations.Add($"migration {started.Id} of {started.Vm}: {failure.Message}");
        }
        return null;
    }

    /// <summary>The guest is where the result says, and nowhere else.</summary>
    async Task<IReadOnlyList<string>> Residence(Migration ended, PlannedFault fault, CancellationToken cancellation)
    {
        if (ended.Phase == MigrationOutcome.InDoubtPhase)
            return ended.Reason.Length > 0 ? [] : [$"migration {ended.Id} of {ended.Vm} is in doubt and does not say why"];
        if (ended.Phase == "Lost" && !fault.MayLose)
            return [$"{ended.Vm} is lost, and '{fault.Name}' may not cost a guest: {ended.Reason}"];
        var asked = connection.Clock.GetTimestamp();
        while (true)
        {
            var vm = await connection.Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = ended.Vm }, options), cancellation);
            var hosts = await connection.Ask((api, options) => api.ListHostsAsync(new ListHostsRequest(), options), cancellation);
            if (ResidenceJudge.Wrong(ended, vm, hosts.Hosts, fault) is not { } wrong)
                return [];
            if (connection.Clock.GetElapsedTime(asked) > plan.Settle)
                return [wrong];
            await Task.Delay(s_lookAgain, connection.Clock, cancellation);
        }
    }

    Task<Migration> Get(Migration migration, CancellationToken cancellation) =>
        connection.Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = migration.Vm, MigrationId = migration.Id }, options), cancellation);
}
