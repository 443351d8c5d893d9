using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

/// <summary>The fleet's hold: shown without a word, put on and taken off by one.</summary>
internal static class HoldVerbs
{
    public static Command Command(SharedOptions shared)
    {
        var command = new Command("hold", "hold all migrations, cluster-wide; without a word: show whether they are held") { On(shared), Off(shared) };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            Say(shared, await connection.Ask((api, options) => api.GetHoldAsync(new GetHoldRequest(), options), cancellation));
            return ExitCode.Ok;
        });
        return command;
    }

    static Command On(SharedOptions shared)
    {
        Option<string> reason = new("--reason") { Description = "why, for whoever asks for a migration meanwhile", HelpName = "TEXT", Required = true };
        return Word(shared, "on", "refuse new migrations and let those wait that are not yet authorised; what is copying goes on", held: true, reason);
    }

    static Command Off(SharedOptions shared)
    {
        Option<string> reason = new("--reason") { Description = "for the record", HelpName = "TEXT", DefaultValueFactory = _ => "over" };
        return Word(shared, "off", "let migrations go on", held: false, reason);
    }

    static Command Word(SharedOptions shared, string word, string description, bool held, Option<string> reason)
    {
        var by = SharedOptions.By();
        var requestId = SharedOptions.RequestId();
        var command = new Command(word, description) { reason, by, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var request = new SetHoldRequest { RequestId = shared.RequestIdOf(parsed, requestId), Held = held, By = shared.ByOf(parsed, by), Reason = parsed.GetRequiredValue(reason) };
            Say(shared, await connection.Ask((api, options) => api.SetHoldAsync(request, options), cancellation));
            return ExitCode.Ok;
        });
        return command;
    }

    static void Say(SharedOptions shared, Hold hold) => shared.Say(hold.Held
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"held by {hold.By} since {hold.Since.ToDateTime():yyyy-MM-dd HH:mm:ss} UTC: {hold.Reason}")
        : "not held");
}
