using Coordinator.Actors.Fleet;
using Coordinator.Contracts;

namespace Coordinator.Dashboard.Parts;

/// <summary>Which lines of the fleet are shown, and in which order.</summary>
internal static class FleetList
{
    /// <param name="fleet">All of it.</param>
    /// <param name="phase">A phase, <c>active</c> for all that go on, or empty for all.</param>
    /// <param name="host">Where the VM is, comes from or goes to; empty for all.</param>
    /// <param name="text">Part of a name, a host, an id or a reason; empty for all.</param>
    /// <param name="sort">A column's key.</param>
    /// <param name="isDescending">Greatest first.</param>
    /// <param name="now">For how long they take.</param>
    internal static List<VmSummary> Of(FleetPicture fleet, string phase, string host, string text, string sort, bool isDescending, DateTimeOffset now)
    {
        IEnumerable<VmSummary> shown = fleet.Vms.Where(vm =>
            (phase.Length == 0 || (phase == "active" ? IsUnderWay(vm) : vm.Phase == phase))
            && (host.Length == 0 || vm.Host == host || vm.SourceHost == host || vm.DestinationHost == host)
            && (text.Length == 0 || Matches(vm, text.Trim())));
        Comparison<VmSummary> order = sort switch
        {
            "phase" => (a, b) => string.CompareOrdinal(a.Phase, b.Phase),
            "from" => (a, b) => string.CompareOrdinal(From(a), From(b)),
            "left" => (a, b) => (a.Copy?.RemainingBytes ?? -1).CompareTo(b.Copy?.RemainingBytes ?? -1),
            "verdict" => (a, b) => string.CompareOrdinal(a.Verdict, b.Verdict),
            "taken" => (a, b) => Nullable.Compare(Words.Taken(a, now), Words.Taken(b, now)),
            _ => (a, b) => string.CompareOrdinal(a.Vm, b.Vm),
        };
        List<VmSummary> rows = shown.ToList();
        int sign = isDescending ? -1 : 1;
        rows.Sort((a, b) =>
        {
            // What needs a person stands first, what is over last, whatever the column.
            int group = Class(a).CompareTo(Class(b));
            int ordered = group != 0 ? group : sign * order(a, b);
            return ordered != 0 ? ordered : string.CompareOrdinal(a.Vm, b.Vm);
        });
        return rows;
    }

    internal static List<string> HostsOf(FleetPicture fleet) => fleet.Vms
        .SelectMany(vm => new[] { vm.Host, vm.SourceHost, vm.DestinationHost }).Where(h => h.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();

    internal static bool IsUnderWay(VmSummary vm) => vm.MigrationId.Length > 0 && !vm.Terminal;

    private static int Class(VmSummary vm) => vm.Phase == "InDoubt" ? 0 : IsUnderWay(vm) ? 1 : 2;

    private static string From(VmSummary vm) => vm.MigrationId.Length > 0 ? vm.SourceHost : vm.Host;

    private static bool Matches(VmSummary vm, string text) => new[] { vm.Vm, vm.Host, vm.SourceHost, vm.DestinationHost, vm.MigrationId, vm.Reason, vm.Phase }
        .Any(field => field.Contains(text, StringComparison.OrdinalIgnoreCase));
}
