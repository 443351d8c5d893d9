using System.CommandLine;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class DescribeVerb
{
    public static Command Command(SharedOptions shared) => new("describe", "everything known of one thing") { Migration(shared) };

    static Command Migration(SharedOptions shared)
    {
        Argument<string> which = new("VM|ID") { Description = "a VM: its newest migration; or the id of a migration" };
        var output = SharedOptions.Output();
        var command = new Command("migration", "timeline of journalled events, phases, blackout with its parts, every virtqueue with its verdict") { which, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var migration = await Find(connection, parsed.GetRequiredValue(which), cancellation);
            shared.Show(parsed, output, migration, () => MigrationPage.Full(migration), MigrationPage.ColumnsAtLeast);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Ids of migrations are UUIDs; a VM that is called like one is found by its migration's id only.</summary>
    static async Task<Migration> Find(CoordinatorConnection connection, string which, CancellationToken cancellation)
    {
        var request = new GetMigrationRequest { Vm = which };
        if (Guid.TryParse(which, out _))
        {
            var all = await connection.Migrations(vm: "", cancellation);
            var found = all.Migrations.FirstOrDefault(migration => migration.Id.Equals(which, StringComparison.OrdinalIgnoreCase))
                ?? throw new CommandFailure(ExitCode.NotFound, $"there is no migration {which}; 'coordctl get migrations' lists them");
            request = new GetMigrationRequest { Vm = found.Vm, MigrationId = found.Id };
        }
        return await connection.Ask((api, options) => api.GetMigrationAsync(request, options), cancellation);
    }
}
