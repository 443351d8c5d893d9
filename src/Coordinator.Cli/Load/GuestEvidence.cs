using Coordinator.Domain;
using Coordinator.History;

namespace Coordinator.Cli.Load;

/// <summary>A guest that ceased to run in one place and began in another.</summary>
/// <param name="To">Host on which it began.</param>
/// <param name="AtMicros">When it began there.</param>
/// <param name="StoodMicros">Between the two.</param>
internal sealed record GuestMove(string To, long AtMicros, long StoodMicros);

/// <summary>What the simulated guests themselves saw, on one clock. Pure.</summary>
internal sealed class GuestEvidence
{
    readonly Dictionary<string, IReadOnlyList<GuestMove>> moves = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> hosts = new(StringComparer.Ordinal);

    public GuestEvidence(IReadOnlyList<HistoryRecord> history)
    {
        Doubled = [.. RunOverlap.Check(history, new JudgeSettings()).Select(violation => violation.ToString())];
        foreach (var ofVm in RunOverlap.Intervals(history).GroupBy(run => run.Vm))
        {
            var runs = ofVm.ToList();
            moves[ofVm.Key.Value] = [.. runs.Zip(runs.Skip(1))
                .Where(pair => pair.First.Copy != pair.Second.Copy && pair.First.UntilMicros is not null)
                .Select(pair => new GuestMove(pair.Second.Copy.Host.Value, pair.Second.FromMicros, pair.Second.FromMicros - pair.First.UntilMicros!.Value))];
            if (runs[^1].UntilMicros is null)
                hosts[ofVm.Key.Value] = runs[^1].Copy.Host.Value;
        }
    }

    /// <summary>Two copies of a VM that ran at once, one sentence each.</summary>
    public IReadOnlyList<string> Doubled { get; }

    /// <summary>In their order.</summary>
    public IReadOnlyList<GuestMove> MovesOf(string vm) => moves.GetValueOrDefault(vm, []);

    /// <summary>Where it runs at the end; null: nowhere.</summary>
    public string? HostOf(string vm) => hosts.GetValueOrDefault(vm);
}
