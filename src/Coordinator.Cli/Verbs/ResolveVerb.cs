using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Output;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;
using Google.Protobuf;

namespace Coordinator.Cli.Verbs;

/// <summary>Without a choice it shows what is known and which choices are open; with one it records a person's word.</summary>
internal static class ResolveVerb
{
    static readonly JsonParser s_json = new(JsonParser.Settings.Default);

    public static Command Command(SharedOptions shared)
    {
        Argument<string> vm = new("VM") { Description = "name of the VM whose migration is in doubt" };
        Option<bool> lost = new("--lost") { Description = "give the guest up; what is left of it on both hosts is ended" };
        Option<bool> keepSource = new("--keep-source") { Description = "the source's stopped copy goes on (needs --accept-rewind)" };
        Option<bool> runDestination = new("--run-destination") { Description = "the destination's loaded copy goes on (needs --accept-rewind, or --record)" };
        Option<string?> record = new("--record") { Description = "release that copy from the source agent's own record, read by 'coordinator-agent record': nothing is rewound", HelpName = "FILE" };
        Option<string[]> rewind = new("--accept-rewind")
        {
            Description = "disks that the other copy may have written to after this one's memory was taken, or 'none' if it has none",
            HelpName = "DISK,...",
            CustomParser = argument => [.. argument.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        };
        Option<int?> attempt = new("--attempt") { Description = "which doubt the choice is about: the attempt that is shown with the evidence; a doubt of another one is not settled by it", HelpName = "N" };
        Option<string?> proof = new("--proof") { Description = "why you are sure, kept in the journal", HelpName = "TEXT" };
        Option<bool> watch = new("--watch", "-w") { Description = "show what becomes of it" };
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var command = new Command("resolve", "a migration in doubt: what is known, what may be chosen, and a person's choice") { vm, lost, keepSource, runDestination, record, rewind, attempt, proof, by, watch, requestId };
        command.Validators.Add(parsed =>
        {
            bool[] chosen = [parsed.GetValue(lost), parsed.GetValue(keepSource), parsed.GetValue(runDestination)];
            if (chosen.Count(c => c) > 1)
                parsed.AddError("choose one of --lost, --keep-source and --run-destination");
            else if (chosen.All(c => !c) && (parsed.GetValue(record) is not null || parsed.GetValue(rewind) is { Length: > 0 } || parsed.GetValue(proof) is not null))
                parsed.AddError("choose --lost, --keep-source or --run-destination; without a choice the doubt is only shown");
            else if (parsed.GetValue(record) is not null && (!parsed.GetValue(runDestination) || parsed.GetValue(rewind) is { Length: > 0 }))
                parsed.AddError("--record goes with --run-destination, and with a record nothing is rewound");
            else if (chosen.Any(c => c) && string.IsNullOrWhiteSpace(parsed.GetValue(proof)))
                parsed.AddError("--proof is needed: why you are sure, for the journal");
            else if (chosen.Any(c => c) && parsed.GetValue(attempt) is null or <= 0)
                parsed.AddError("--attempt is needed, from 1 on: the attempt that 'coordctl resolve VM' shows with the evidence that you looked at");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            string? choice = parsed.GetValue(lost) ? "Lost"
                : parsed.GetValue(keepSource) ? "KeepSource"
                : !parsed.GetValue(runDestination) ? null
                : parsed.GetValue(record) is null ? "RunDestination" : "ReleaseFromRecord";
            if (choice is null)
            {
                var shown = await connection.Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = parsed.GetRequiredValue(vm) }, options), cancellation);
                shared.Context.Write(DoubtPage.Of(shown), DoubtPage.ColumnsAtLeast);
                return shown.Phase == MigrationOutcome.InDoubtPhase ? ExitCode.InDoubt : ExitCode.Ok;
            }

            var request = new ResolveDoubtRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Vm = parsed.GetRequiredValue(vm),
                Attempt = parsed.GetValue(attempt) ?? 0,
                Choice = choice,
                By = shared.ByOf(parsed, by),
                Proof = parsed.GetRequiredValue(proof)!,
                Record = parsed.GetValue(record) is { } file ? await ReadRecord(file, cancellation) : null,
            };
            request.Disks.AddRange(parsed.GetValue(rewind) ?? []);
            var resolved = await connection.Ask((api, options) => api.ResolveDoubtAsync(request, options), cancellation);
            if (parsed.GetValue(watch))
                return MigrationOutcome.CodeOf(await WatchSession.Run(connection, resolved, shared.Context, cancellation));
            shared.Say(resolved.Phase == MigrationOutcome.InDoubtPhase
                ? $"recorded for migration {resolved.Id} of {resolved.Vm}: {choice}; 'coordctl describe migration {resolved.Vm}' shows what becomes of it"
                : MigrationOutcome.SentenceOf(resolved));
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task<ReleaseRecord> ReadRecord(string file, CancellationToken cancellation)
    {
        try
        {
            return s_json.Parse<ReleaseRecord>(await File.ReadAllTextAsync(file, cancellation));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidJsonException or InvalidProtocolBufferException)
        {
            throw new CommandFailure(ExitCode.Usage, $"the record cannot be read from {file}: {error.Message}; 'coordinator-agent record' writes one");
        }
    }
}
