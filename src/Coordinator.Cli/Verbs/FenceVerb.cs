using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class FenceVerb
{
    /// <summary>The fencing hook's longest time-out, and the wait for the host's stream to be lost.</summary>
    static readonly TimeSpan s_hookWithin = TimeSpan.FromMinutes(11);

    public static Command Command(SharedOptions shared)
    {
        Argument<string> host = new("HOST") { Description = "the host that is off: no process on it can run any more" };
        Option<string> vm = new("--vm") { Description = "the VM whose migration waits for that host", HelpName = "NAME", Required = true };
        Option<string?> proof = new("--proof") { Description = "how you know, kept in the journal [default: the coordinators' fencing hook is asked to prove it]", HelpName = "TEXT" };
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var command = new Command("fence", "record, or have proven, that a host is off; refused while its agent answers") { host, vm, proof, by, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed, s_hookWithin);
            var request = new ProveHostOffRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Vm = parsed.GetRequiredValue(vm),
                Host = parsed.GetRequiredValue(host),
                By = shared.ByOf(parsed, by),
                Proof = parsed.GetValue(proof) ?? "",
            };
            var migration = await connection.Ask((api, options) => api.ProveHostOffAsync(request, options), cancellation);
            shared.Say($"{request.Host} is recorded as off; {MigrationOutcome.SentenceOf(migration)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
