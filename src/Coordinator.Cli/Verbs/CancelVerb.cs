using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Output;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class CancelVerb
{
    public static Command Command(SharedOptions shared)
    {
        Argument<string> vm = new("VM") { Description = "name of the VM whose migration is to end" };
        Option<bool> watch = new("--watch", "-w") { Description = "show what becomes of it; the exit code is 0 only if the VM stays at its source" };
        var requestId = SharedOptions.RequestId();
        var command = new Command("cancel", "ask a migration to leave the VM where it is; legal in every phase, too late once the destination may run") { vm, watch, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            // The one that goes on now: a late repetition must not end a migration that is asked for later.
            var meant = await connection.Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = parsed.GetRequiredValue(vm) }, options), cancellation);
            var request = new CancelMigrationRequest { RequestId = shared.RequestIdOf(parsed, requestId), Vm = parsed.GetRequiredValue(vm), MigrationId = meant.Id };
            var asked = await connection.Ask((api, options) => api.CancelMigrationAsync(request, options), cancellation);
            if (parsed.GetValue(watch))
                return MigrationOutcome.CodeOfCancel(await WatchSession.Run(connection, asked, shared.Context, cancellation));
            shared.Say(asked.Terminal ? MigrationOutcome.SentenceOf(asked) : $"migration {asked.Id} of {asked.Vm} is asked to end, now in {asked.Phase}");
            return MigrationOutcome.CodeOfCancel(asked);
        });
        return command;
    }
}
