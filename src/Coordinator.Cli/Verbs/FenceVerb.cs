using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class FenceVerb
{
    public static Command Command(SharedOptions shared)
    {
        Argument<string> host = new("HOST") { Description = "the host that is off: no process on it can run any more" };
        Option<string> vm = new("--vm") { Description = "the VM whose migration waits for that host", HelpName = "NAME", Required = true };
        Option<string?> proof = new("--proof") { Description = "how you know, kept in the journal [default: the coordinators' fencing hook powers the host off and proves it]", HelpName = "TEXT" };
        Option<bool> powerOff = new("--power-off") { Description = "have the hook power the host off though its agent is connected, with every guest that runs there" };
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var command = new Command("fence", "record, or have proven, that a host is off; refused while its agent is connected") { host, vm, proof, powerOff, by, requestId };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(powerOff) && parsed.GetValue(proof) is not null)
                parsed.AddError("--power-off asks the fencing hook, whose words are the proof; give --proof for a host that is off already");
            else if (parsed.GetValue(proof) is { } given && string.IsNullOrWhiteSpace(given))
                parsed.AddError("--proof is empty: say how you know that the host is off, or leave it out to have the fencing hook power it off");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed, FencingLimits.AnsweredWithin);
            // Of the migration as it is now: a repetition of the request must not be taken for a later attempt, when the host may be mended.
            var about = await connection.Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = parsed.GetRequiredValue(vm) }, options), cancellation);
            var request = new ProveHostOffRequest
            {
                Attempt = about.Attempt,
                RequestId = shared.RequestIdOf(parsed, requestId),
                Vm = parsed.GetRequiredValue(vm),
                Host = parsed.GetRequiredValue(host),
                By = shared.ByOf(parsed, by),
                Proof = parsed.GetValue(proof) ?? "",
                PowerOff = parsed.GetValue(powerOff),
            };
            var migration = await connection.Ask((api, options) => api.ProveHostOffAsync(request, options), cancellation);
            shared.Say($"{request.Host} is recorded as off; {MigrationOutcome.SentenceOf(migration)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
