using System.CommandLine;
using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

/// <summary>What operators do with whole hosts.</summary>
internal static class HostVerbs
{
    static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);

    public static Command Command(SharedOptions shared) => new("host", "keep guests away from a host, and move away those that are there")
    {
        CordonWord(shared, "cordon", "let no guest come to a host; those that are there stay, those on their way arrive", cordoned: true),
        CordonWord(shared, "uncordon", "let guests come to a host again", cordoned: false),
        Drain(shared),
    };

    static Command CordonWord(SharedOptions shared, string word, string description, bool cordoned)
    {
        var host = Host();
        Option<string> reason = cordoned
            ? new("--reason") { Description = "why, for whoever asks for a guest there meanwhile", HelpName = "TEXT", Required = true }
            : new("--reason") { Description = "for the record", HelpName = "TEXT", DefaultValueFactory = _ => "over" };
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var command = new Command(word, description) { host, reason, by, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var request = new SetCordonRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Host = parsed.GetRequiredValue(host),
                Cordoned = cordoned,
                By = shared.ByOf(parsed, by),
                Reason = parsed.GetRequiredValue(reason),
            };
            var cordon = await connection.Ask((api, options) => api.SetCordonAsync(request, options), cancellation);
            shared.Say(cordon.Cordoned
                ? string.Create(CultureInfo.InvariantCulture, $"{cordon.Host} is cordoned by {cordon.By} since {cordon.Since.ToDateTime():yyyy-MM-dd HH:mm:ss} UTC: {cordon.Reason}")
                : $"{cordon.Host} takes guests");
            return ExitCode.Ok;
        });
        return command;
    }

    static Command Drain(SharedOptions shared)
    {
        var host = Host();
        Option<bool> dryRun = new("--dry-run") { Description = "only show which guests would go where, and which could not" };
        Option<bool> status = new("--status") { Description = "only show the host's newest drain" };
        Option<bool> cancel = new("--cancel") { Description = "begin nothing more; what was asked for goes on, and the host stays cordoned" };
        Option<bool> detach = new("--detach") { Description = "do not wait for its end" };
        Option<int?> parallel = new("--max-parallel") { Description = "migrations of this drain at a time, 1 to 100; hosts' own limits hold besides [default: 2]", HelpName = "N" };
        Option<int> failures = new("--stop-on-failures") { Description = "begin nothing more once so many guests could not be moved; 0: go on with the others", HelpName = "N", DefaultValueFactory = _ => 0 };
        Option<string> reason = new("--reason") { Description = "why, for whoever asks for a guest there meanwhile", HelpName = "TEXT", DefaultValueFactory = _ => "drain" };
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var output = SharedOptions.Output();
        var command = new Command("drain", "cordon a host and move all its guests away; a guest that cannot be moved runs on where it is")
        {
            host, dryRun, status, cancel, detach, parallel, failures, reason, by, requestId, output,
        };
        command.Validators.Add(result =>
        {
            if (new[] { dryRun, status, cancel }.Count(result.GetValue) > 1)
                result.AddError("--dry-run, --status and --cancel exclude one another");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var name = parsed.GetRequiredValue(host);
            if (parsed.GetValue(status))
                return Shown(shared, parsed, output, await connection.Ask((api, options) => api.GetDrainAsync(new GetDrainRequest { Host = name }, options), cancellation));
            if (parsed.GetValue(cancel))
            {
                var word = new CancelDrainRequest { Host = name, By = shared.ByOf(parsed, by), Reason = parsed.GetRequiredValue(reason) };
                Shown(shared, parsed, output, await connection.Ask((api, options) => api.CancelDrainAsync(word, options), cancellation));
                return ExitCode.Ok;
            }

            var request = new DrainHostRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Host = name,
                DryRun = parsed.GetValue(dryRun),
                StopOnFailures = parsed.GetValue(failures),
                By = shared.ByOf(parsed, by),
                Reason = parsed.GetRequiredValue(reason),
            };
            if (parsed.GetValue(parallel) is { } most)
                request.MaxParallel = most;
            var drain = await connection.Ask((api, options) => api.DrainHostAsync(request, options), cancellation);
            if (request.DryRun || parsed.GetValue(detach))
                return Shown(shared, parsed, output, drain);
            return Shown(shared, parsed, output, await Follow(shared, connection, drain, parsed.GetValue(output) != "json", cancellation));
        });
        return command;
    }

    /// <summary>One line for every guest whose state changes, until the drain has ended.</summary>
    static async Task<Drain> Follow(SharedOptions shared, CoordinatorConnection connection, Drain drain, bool aloud, CancellationToken cancellation)
    {
        Dictionary<string, string> told = new(StringComparer.Ordinal);
        while (true)
        {
            foreach (var line in drain.Guests.Select(DrainPage.Line).Where(line => told.GetValueOrDefault(line.Vm) != line.Text))
            {
                told[line.Vm] = line.Text;
                if (aloud)
                    shared.Say(line.Text);
            }

            if (drain.Outcome.Length > 0)
                return drain;
            await Task.Delay(s_lookEvery, connection.Clock, cancellation);
            var (id, host) = (drain.Id, drain.Host);
            drain = await connection.Ask((api, options) => api.GetDrainAsync(new GetDrainRequest { Host = host }, options), cancellation);
            if (drain.Id != id)
                throw new CommandFailure(ExitCode.Failed, $"drain {id} of {host} has ended, and drain {drain.Id} has begun; see 'coordctl host drain {host} --status'");
        }
    }

    static int Shown(SharedOptions shared, ParseResult parsed, Option<string> output, Drain drain)
    {
        shared.Show(parsed, output, drain, () => DrainPage.Of(drain), Lists.ColumnsAtLeast);
        return drain.Outcome is "" or "Drained" ? ExitCode.Ok : ExitCode.Failed;
    }

    static Argument<string> Host() => new("HOST") { Description = "name of the host, as 'coordctl get hosts' shows it" };
}
