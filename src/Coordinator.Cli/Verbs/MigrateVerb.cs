using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Output;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class MigrateVerb
{
    public static Command Command(SharedOptions shared)
    {
        Argument<string> vm = new("VM") { Description = "name of the VM" };
        Option<string> to = new("--to") { Description = "destination host", HelpName = "HOST", Required = true };
        Option<bool> watch = new("--watch", "-w") { Description = "show it until it ends; the exit code is then its result" };
        var requestId = SharedOptions.RequestId();
        var policy = new PolicyOptions();
        var command = new Command("migrate", "move a running VM to another host") { vm, to, watch, requestId };
        foreach (var option in policy.All)
            command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new StartMigrationRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Vm = parsed.GetRequiredValue(vm),
                DestinationHost = parsed.GetRequiredValue(to),
                Policy = policy.Read(parsed),
            };
            using var connection = shared.Connect(parsed);
            var started = await connection.Ask((api, options) => api.StartMigrationAsync(request, options), cancellation);
            if (parsed.GetValue(watch))
                return MigrationOutcome.CodeOf(await WatchSession.Run(connection, started, shared.Context, cancellation));
            shared.Say($"migration {started.Id}: {started.Vm}, {started.SourceHost} to {started.DestinationHost}, {started.Phase}; 'coordctl describe migration {started.Vm}' shows it");
            return ExitCode.Ok;
        });
        return command;
    }
}
