using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Fleet;

/// <summary>One migration as far as it is counted.</summary>
/// <param name="Id">Its id.</param>
/// <param name="RequestedAtUnixMs">0 if not known.</param>
/// <param name="EndedAtUnixMs">0 before its end.</param>
/// <param name="Outcome">Phase in which it ended; empty before.</param>
public sealed record EndedMigration(string Id, long RequestedAtUnixMs, long EndedAtUnixMs, string Outcome);

/// <summary>What a node that has just started shows until living entities say more.</summary>
/// <param name="Vms">Every VM, with its newest migration.</param>
/// <param name="Migrations">Newest ones, for the counts of the last minutes.</param>
public sealed record FleetHistory(IReadOnlyList<VmSummary> Vms, IReadOnlyList<EndedMigration> Migrations);

/// <summary>Where the fleet's history comes from.</summary>
public interface IFleetHistory
{
    Task<FleetHistory> Read(CancellationToken stop);
}

/// <summary>From the tables that lists are read from. Migrations come newest first, so reading stops where every VM has its newest one and the rest is too old to be counted.</summary>
public sealed class JournalledFleet(VmIndex index, TimeProvider clock) : IFleetHistory
{
    public async Task<FleetHistory> Read(CancellationToken stop)
    {
        List<Api.VirtualMachine> vms = [];
        string next = "";
        do
        {
            (IReadOnlyList<Api.VirtualMachine> shown, next) = await index.VirtualMachines(host: "", pageSize: 0, next, stop).ConfigureAwait(false);
            vms.AddRange(shown);
        }
        while (next.Length > 0);

        HashSet<string> wanted = vms.Select(vm => vm.MigrationId).Where(id => id.Length > 0).ToHashSet(StringComparer.Ordinal);
        Dictionary<string, Api.Migration> newest = new(StringComparer.Ordinal);
        List<EndedMigration> recent = [];
        DateTimeOffset oldest = clock.GetUtcNow() - RecentMigrations.Window;
        bool areRecent;
        do
        {
            (IReadOnlyList<Api.Migration> shown, next) = await index.Migrations(vm: "", host: "", phases: [], pageSize: 0, next, stop).ConfigureAwait(false);
            foreach (Api.Migration migration in shown)
            {
                recent.Add(new EndedMigration(migration.Id, UnixMs(migration.RequestedAt), UnixMs(migration.EndedAt), migration.Terminal ? migration.Phase : ""));
                if (wanted.Remove(migration.Id))
                {
                    newest[migration.Id] = migration;
                }
            }

            areRecent = shown.Count > 0 && shown[^1].RequestedAt?.ToDateTimeOffset() >= oldest;
        }
        while (next.Length > 0 && (wanted.Count > 0 || areRecent));

        return new FleetHistory(vms.Select(vm => Views.VmSummaryView.Of(vm, newest.GetValueOrDefault(vm.MigrationId))).ToList(), recent);
    }

    private static long UnixMs(Google.Protobuf.WellKnownTypes.Timestamp? at) => at?.ToDateTimeOffset().ToUnixTimeMilliseconds() ?? 0;
}
