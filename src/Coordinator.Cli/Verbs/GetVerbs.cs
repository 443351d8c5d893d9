using System.CommandLine;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class GetVerbs
{
    public static Command Command(SharedOptions shared) => new("get", "list migrations, alerts, VMs or hosts")
    {
        Migrations(shared),
        Alerts(shared),
        VirtualMachines(shared, "vms"),
        Hosts(shared),
    };

    public static Command VirtualMachines(SharedOptions shared, string name)
    {
        var output = SharedOptions.Output();
        var command = new Command(name, "every VM that the coordinators know, and where it runs") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var list = await connection.VirtualMachines(cancellation);
            shared.Show(parsed, output, list, () => Lists.VirtualMachines(list.VirtualMachines), Lists.ColumnsAtLeast);
            return ExitCode.Ok;
        });
        return command;
    }

    static Command Migrations(SharedOptions shared)
    {
        Option<string> vm = new("--vm") { Description = "only of this VM", HelpName = "VM", DefaultValueFactory = _ => "" };
        var output = SharedOptions.Output();
        var command = new Command("migrations", "migrations, newest first") { vm, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var list = await connection.Migrations(parsed.GetRequiredValue(vm), cancellation);
            shared.Show(parsed, output, list, () => Lists.Migrations(list.Migrations), Lists.ColumnsAtLeast);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>By hand from the migrations: an alert that was answered leaves no row, since what it was about is over.</summary>
    static Command Alerts(SharedOptions shared)
    {
        var output = SharedOptions.Output();
        var command = new Command("alerts", $"what a person must look at now: migrations in doubt, and copies that ran without a grant; exit code {ExitCode.InDoubt} if there is any") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var list = await connection.Migrations(vm: "", cancellation);
            var urgent = new ListMigrationsResponse();
            urgent.Migrations.AddRange(list.Migrations.Where(MigrationOutcome.NeedsAPerson));
            if (urgent.Migrations.Count == 0 && parsed.GetValue(output) != "json")
                shared.Say("nothing needs a person");
            else
                shared.Show(parsed, output, urgent, () => Lists.Alerts(urgent.Migrations), Lists.ColumnsAtLeast);
            return urgent.Migrations.Count == 0 ? ExitCode.Ok : ExitCode.InDoubt;
        });
        return command;
    }

    static Command Hosts(SharedOptions shared)
    {
        var output = SharedOptions.Output();
        var command = new Command("hosts", "hosts whose agents have dialled in") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var list = await connection.Ask((api, options) => api.ListHostsAsync(new ListHostsRequest(), options), cancellation);
            shared.Show(parsed, output, list, () => Lists.Hosts(list.Hosts), Lists.ColumnsAtLeast);
            return ExitCode.Ok;
        });
        return command;
    }
}
