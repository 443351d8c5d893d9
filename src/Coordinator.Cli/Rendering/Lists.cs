using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>The tables of <c>get</c> and <c>vm list</c>.</summary>
internal static class Lists
{
    public const int ColumnsAtLeast = 200;

    public static IRenderable Hosts(IEnumerable<Host> hosts)
    {
        var table = Columns.Of("HOST", "STATE", "COORDINATOR", "AGENT", "HANDOFF", ">MEMORY FREE", "QEMU", "VMS");
        foreach (var host in hosts.OrderBy(host => host.Name, StringComparer.Ordinal))
            table.Add(
                host.Name, State(host), OrDash(NodeText.AddressOf(host.Node)), OrDash(NodeText.ShortVersion(host.AgentVersion)), OrDash(host.HandoffAddress),
                $"{Amounts.Count(host.MemoryFreeMib > 0 ? host.MemoryFreeMib : host.MemoryAvailableMib)} MiB", OrDash(string.Join(' ', host.QemuVersions)), OrDash(string.Join(' ', host.VirtualMachines)));
        return table.WithSentences();
    }

    public static IRenderable VirtualMachines(IEnumerable<VirtualMachine> machines)
    {
        var table = Columns.Of("VM", "RESIDENCE", "HOST", "RUNS", ">PID", "QEMU", "LAST MIGRATION", "MESSAGE");
        foreach (var vm in machines.OrderBy(vm => vm.Name, StringComparer.Ordinal))
            table.Add(
                vm.Name, vm.Residence, OrDash(vm.Host), OrDash(vm.RunState), vm.Pid > 0 ? vm.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture) : "-",
                OrDash(vm.QemuVersion), OrDash(vm.MigrationId), vm.Message);
        return table.WithSentences();
    }

    public static IRenderable Migrations(IEnumerable<Migration> migrations)
    {
        var table = Columns.Of("VM", "FROM", "TO", "PHASE", "VERDICT", ">BLACKOUT", "REQUESTED", "ID", "REASON");
        foreach (var migration in migrations.OrderByDescending(migration => migration.RequestedAt?.ToDateTime() ?? DateTime.MinValue))
            table.Add(
                migration.Vm, migration.SourceHost, migration.DestinationHost, Tone.Phase(migration.Phase), Tone.Verdict(migration.Verdict),
                migration.Blackout is { } blackout ? Amounts.Ms(blackout.TotalMicros) : "-",
                migration.RequestedAt is { } at ? Amounts.Moment(at.ToDateTime()) : "-", migration.Id, migration.Reason);
        return table.WithSentences();
    }

    public static IRenderable Alerts(IEnumerable<Migration> migrations)
    {
        var table = Columns.Of("ALERT", "VM", "FROM", "TO", ">ATTEMPT", "SINCE", "ID", "EVIDENCE");
        foreach (var migration in migrations)
        {
            var foreign = MigrationOutcome.ForeignRuns(migration).ToList();
            var doubt = migration.Timeline.LastOrDefault(entry => entry.Event is "DoubtRaised" or "ResolutionFailed");
            if (migration.Phase == MigrationOutcome.InDoubtPhase)
                table.Add("MigrationInDoubt", migration.Vm, migration.SourceHost, migration.DestinationHost, Amounts.Count(migration.Attempt), Since(doubt), migration.Id, migration.Reason);
            foreach (var run in foreign)
                table.Add("ForeignRun", migration.Vm, migration.SourceHost, migration.DestinationHost, Amounts.Count(migration.Attempt), Since(run), migration.Id, run.Detail);
        }
        return table.WithSentences();
    }

    static object State(Host host) => (host.Connected, host.Cordon) switch
    {
        (true, null) => "connected",
        (true, _) => Tone.Warning("cordoned"),
        (false, null) => Tone.Warning("away"),
        (false, _) => Tone.Warning("away,cordoned"),
    };

    static string Since(TimelineEntry? entry) => entry is { At: { } at } ? Amounts.Moment(at.ToDateTime()) : "-";

    static string OrDash(string text) => text.Length > 0 ? text : "-";
}
