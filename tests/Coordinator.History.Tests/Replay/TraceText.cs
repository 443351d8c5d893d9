using System.Globalization;
using System.Text.RegularExpressions;
using Coordinator.Domain.QemuModel;

namespace Coordinator.History.Tests.Replay;

/// <summary>
/// Traces as a measuring script prints them: <c>SECONDS src|dst &lt;&lt; EVENT {"status": ...}</c>, <c>SECONDS src|dst &gt;&gt; command {...} -> {reply}</c> (the time of sending, printed
/// when the reply is there), <c>SECONDS src|dst: run=.../... migrate=...</c> (both queries), <c>SECONDS src|dst launched|ended</c>.
/// </summary>
internal static partial class TraceText
{
    internal static IReadOnlyList<TraceItem> Parse(string text)
    {
        List<TraceItem> items = [];
        long printed = 0;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Match match = Line().Match(line);
            if (!match.Success)
            {
                throw new FormatException($"no line of a trace: {line}");
            }

            long at = (long)(decimal.Parse(match.Groups["at"].Value, CultureInfo.InvariantCulture) * 1_000_000);
            printed = Math.Max(printed, at);
            Side side = match.Groups["side"].Value == "src" ? Side.Source : Side.Destination;
            items.AddRange(Items(at, printed, side, match.Groups["rest"].Value));
        }

        return items;
    }

    private static IEnumerable<TraceItem> Items(long at, long printed, Side side, string rest)
    {
        if (rest.StartsWith("<< ", StringComparison.Ordinal))
        {
            string name = rest[3..].Split(' ')[0];
            Match status = Status().Match(rest);
            return name switch
            {
                "STOP" => [new TraceItem.Happened(at, new(side, QemuEventKind.Stop))],
                "RESUME" => [new TraceItem.Happened(at, new(side, QemuEventKind.Resume))],
                "MIGRATION" => [new TraceItem.Happened(at, new(side, QemuEventKind.Migration, MigrationStatusWords.Parse(status.Groups["status"].Value)))],
                _ => [],
            };
        }

        if (rest.StartsWith(">> ", StringComparison.Ordinal))
        {
            string[] parts = rest[3..].Split(" -> ");
            Match error = Error().Match(parts.Length > 1 ? parts[1] : "");
            TraceReply? reply = parts.Length < 2 ? null : new(Error: error.Success ? error.Groups["error"].Value : null);
            TraceCommand command = TraceCommands.Of(parts[0].Split(' ')[0], parts[0].Contains('{', StringComparison.Ordinal) ? parts[0][parts[0].IndexOf('{', StringComparison.Ordinal)..] : null, "main", reply)!;
            // Its events are printed before it with the same time, which is rounded.
            TraceItem.Sent sent = new(at - 1_000, side, command);
            return reply is null ? [sent] : [sent, new TraceItem.Replied(printed, side, command)];
        }

        if (rest.StartsWith("launched", StringComparison.Ordinal))
        {
            return [new TraceItem.Launched(at, Autostart: rest.Contains("autostart", StringComparison.Ordinal))];
        }

        if (rest == "ended")
        {
            return [new TraceItem.Happened(at, new(side, QemuEventKind.ProcessEnded))];
        }

        Match seen = Seen().Match(rest);
        TraceCommand run = new("query-status") { Reply = new(Run: RunStateWords.Parse(seen.Groups["run"].Value)) };
        TraceCommand migrate = new("query-migrate") { Reply = new(Status: MigrationStatusWords.Parse(seen.Groups["status"].Value)) };
        return [new TraceItem.Sent(at, side, run), new TraceItem.Sent(at, side, migrate), new TraceItem.Replied(at, side, run), new TraceItem.Replied(at, side, migrate)];
    }

    [GeneratedRegex(@"^(?<at>[\d.]+)\s+(\[.*\]\s+)?(?<side>src|dst):?\s+(?<rest>.*)$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex("\"status\": \"(?<status>[a-z-]+)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Status();

    [GeneratedRegex("\"desc\": \"(?<error>[^\"]+)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Error();

    [GeneratedRegex("run=(?<run>[a-z-]+)(/running=(True|False))? migrate=(?<status>[a-z-]+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Seen();
}
