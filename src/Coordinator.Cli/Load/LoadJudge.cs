using System.Globalization;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Load;

/// <summary>What the coordinators say at the end of each VM, beside what was acknowledged and what the guests themselves saw. Pure.</summary>
/// <param name="asked">Every request.</param>
/// <param name="known">Each VM's migrations as the coordinators list them at the end, newest first.</param>
/// <param name="evidence">Of the guests.</param>
internal sealed class LoadJudge(IReadOnlyCollection<LoadedMigration> asked, IReadOnlyDictionary<string, IReadOnlyList<Migration>> known, GuestEvidence evidence)
{
    /// <summary>Acknowledged, and unknown at the end or never over.</summary>
    public IReadOnlyList<string> Lost() =>
    [
        .. asked.Where(migration => migration.IsAcknowledged).Select(migration => Of(migration) switch
        {
            null => $"migration {migration.Id} of {migration.Vm} was acknowledged and is unknown",
            { Terminal: false } open => $"migration {migration.Id} of {migration.Vm} never ended; it is in phase {open.Phase}{(open.Reason.Length > 0 ? $": {open.Reason}" : "")}",
            _ => null,
        }).OfType<string>(),
    ];

    public IReadOnlyList<string> Doubled()
    {
        var requested = asked.Select(migration => migration.Vm).ToLookup(vm => vm, StringComparer.Ordinal);
        return
        [
            .. evidence.Doubled,
            .. asked.Where(migration => migration.IsAcknowledged).GroupBy(migration => migration.Id, StringComparer.Ordinal).Where(same => same.Count() > 1)
                .Select(same => $"migration {same.Key} was the answer to {same.Count()} requests"),
            .. known.Where(vm => vm.Value.Count > requested[vm.Key].Count())
                .Select(vm => string.Create(CultureInfo.InvariantCulture, $"{vm.Key} has {vm.Value.Count} migrations, and only {requested[vm.Key].Count()} were asked for")),
        ];
    }

    /// <summary>A guest has moved exactly as often as its migrations say, each time to where they say, and runs where the last one left it.</summary>
    public IReadOnlyList<string> Untrue() =>
    [
        .. known.Select(vm => Contradiction(vm.Key, vm.Value)).OfType<string>(),
        .. asked.Where(migration => migration.Ended is { Terminal: true } ended && Of(migration) is { } now && now.Phase != ended.Phase)
            .Select(migration => $"migration {migration.Id} of {migration.Vm} had ended {migration.Ended!.Phase}, and now it is {Of(migration)!.Phase}"),
    ];

    /// <summary>Succeeded migrations with the guest's own move, in their order; without those of VMs where the two disagree.</summary>
    public IEnumerable<(Migration Migration, GuestMove Move)> Moves() =>
        known.Where(vm => Contradiction(vm.Key, vm.Value) is null).SelectMany(vm => Succeeded(vm.Value).Zip(evidence.MovesOf(vm.Key)));

    string? Contradiction(string vm, IReadOnlyList<Migration> ofVm)
    {
        var succeeded = Succeeded(ofVm).ToList();
        var moves = evidence.MovesOf(vm);
        if (ofVm.Any(migration => !migration.Terminal))
            return null;
        if (!succeeded.Select(migration => migration.DestinationHost).SequenceEqual(moves.Select(move => move.To), StringComparer.Ordinal))
            return $"{vm} moved to [{string.Join(' ', moves.Select(move => move.To))}] by its own word, and to [{string.Join(' ', succeeded.Select(migration => migration.DestinationHost))}] by its migrations'";
        var last = ofVm.Count > 0 ? (ofVm[0].Phase == "Succeeded" ? ofVm[0].DestinationHost : ofVm[0].SourceHost) : null;
        return last is null || evidence.HostOf(vm) == last || ofVm[0].Phase == "Lost" ? null
            : $"{vm} runs on {evidence.HostOf(vm) ?? "no host"} by its own word; its last migration ended {ofVm[0].Phase} and leaves it on {last}";
    }

    Migration? Of(LoadedMigration migration) => known.GetValueOrDefault(migration.Vm, []).FirstOrDefault(one => one.Id == migration.Id);

    /// <summary>Oldest first.</summary>
    static IEnumerable<Migration> Succeeded(IReadOnlyList<Migration> ofVm) => ofVm.Where(migration => migration.Phase == "Succeeded").Reverse();

    /// <summary>By phase and verdict, for the table.</summary>
    public IReadOnlyDictionary<string, int> Outcomes() => new SortedDictionary<string, int>(
        asked.Where(migration => migration.IsAcknowledged).Select(Of).GroupBy(Word, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Count(), StringComparer.Ordinal), StringComparer.Ordinal);

    static string Word(Migration? migration) => migration is null ? "unknown" : migration.Verdict.Length > 0 ? $"{migration.Phase} {migration.Verdict}" : migration.Phase;

    /// <summary>One sentence for people who ask why some did not succeed: the commonest reasons first.</summary>
    public IEnumerable<string> Reasons() => known.Values.SelectMany(ofVm => ofVm).Where(migration => migration is { Terminal: true } and not { Phase: "Succeeded" } || migration.Phase == MigrationOutcome.InDoubtPhase)
        .GroupBy(migration => migration.Reason, StringComparer.Ordinal).OrderByDescending(same => same.Count()).Take(5)
        .Select(same => string.Create(CultureInfo.InvariantCulture, $"{same.Count()} times: {same.Key}"));
}
