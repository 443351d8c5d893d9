using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

/// <summary>How one migration is to be carried out. Ranges are those of the API, which refuses the same; saying so here saves the round trip.</summary>
internal sealed class PolicyOptions
{
    const long Hour = 3_600_000;

    readonly Option<long?> downtimeLimit = Duration("--downtime-limit", "longest stop that QEMU aims at, its downtime-limit", 1, 2_000_000, "1ms to 2000s", "300ms");
    readonly Option<long?> bandwidth = Bandwidth();
    readonly Option<long?> prepareDeadline = Duration("--prepare-deadline", "launch of the destination, comparison and rehearsal", 1_000, Hour, "1s to 1h", "60s");
    readonly Option<long?> iterateDeadline = Duration("--iterate-deadline", "copying while the guest runs; past it the attempt ends, the guest never stopped", 1_000, 7 * 24 * Hour, "1s to 7d", "1h");
    readonly Option<long?> switchoverDeadline = Duration("--switchover-deadline", "how long the guest may stand still before the agents break off", 100, 600_000, "100ms to 10m", "5s");
    readonly Option<long?> verify = Duration("--verify", "how long queues are watched for progress after the guest runs", 0, 60_000, "0s to 60s", "2s");
    readonly Option<int?> attempts = Number("--max-attempts", "tries before it counts as failed", 1, 10, "1");
    readonly Option<long?> rehearsalBudget = Duration("--rehearsal-budget", "what the empty handoff of the rehearsal may take", 1, 10_000, "1ms to 10s", "50ms");
    readonly Option<string?> priority = new("--priority")
    {
        Description = "whose turn it is when not all can go at once: drain, user or system [default: user]",
        HelpName = "PRIORITY",
    };

    readonly Option<long?> queueDeadline = Duration("--queue-deadline", "how long it may wait for its turn", 1_000, 7 * 24 * Hour, "1s to 7d", "24h");
    readonly Option<bool> refuseOverBudget = new("--refuse-over-budget") { Description = "refuse, not only warn, when the rehearsal takes longer than its budget" };

    public IEnumerable<Option> All =>
        [downtimeLimit, bandwidth, prepareDeadline, iterateDeadline, switchoverDeadline, verify, attempts, rehearsalBudget, refuseOverBudget, priority, queueDeadline];

    public PolicyOptions() => priority.AcceptOnlyFromAmong("drain", "user", "system");

    public MigrationPolicy Read(ParseResult parsed)
    {
        var policy = new MigrationPolicy();
        Take(downtimeLimit, ms => policy.DowntimeLimitMs = (int)ms);
        Take(bandwidth, bytes => policy.BandwidthBytesPerSec = bytes);
        Take(prepareDeadline, ms => policy.PrepareDeadlineMs = (int)ms);
        Take(iterateDeadline, ms => policy.IterateDeadlineMs = ms);
        Take(switchoverDeadline, ms => policy.SwitchoverDeadlineMs = (int)ms);
        Take(verify, ms => policy.VerifyMs = (int)ms);
        Take(rehearsalBudget, ms => policy.RehearsalBudgetMs = (int)ms);
        if (parsed.GetValue(attempts) is { } tries)
            policy.MaxAttempts = tries;
        if (parsed.GetValue(refuseOverBudget))
            policy.RefuseOverBudget = true;
        if (parsed.GetValue(priority) is { } rank)
            policy.Priority = rank;
        Take(queueDeadline, ms => policy.QueueDeadlineMs = ms);
        return policy;

        void Take(Option<long?> option, Action<long> set)
        {
            if (parsed.GetValue(option) is { } value)
                set(value);
        }
    }

    internal static Option<long?> Duration(string name, string what, long lowest, long highest, string range, string usual) => new(name)
    {
        Description = $"{what}; {range} [default: {usual}]",
        HelpName = "TIME",
        CustomParser = result => Parsed(result, name, Quantity.DurationMs, lowest, highest, $"{range}, with a unit of {Quantity.DurationUnits}"),
    };

    static Option<long?> Bandwidth() => new("--bandwidth")
    {
        Description = "most that the stream may take; 1MiB/s to 1TiB/s [default: 1GiB/s]",
        HelpName = "RATE",
        CustomParser = result => Parsed(result, "--bandwidth", Quantity.BytesPerSec, 1L << 20, 1L << 40, $"1MiB/s to 1TiB/s, with a unit of {Quantity.BandwidthUnits}"),
    };

    static Option<int?> Number(string name, string what, int lowest, int highest, string usual) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{what}; {lowest} to {highest} [default: {usual}]"),
        HelpName = "N",
        CustomParser = result => (int?)Parsed(result, name, text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null,
            lowest, highest, string.Create(CultureInfo.InvariantCulture, $"{lowest} to {highest}")),
    };

    static long? Parsed(ArgumentResult result, string name, Func<string, long?> read, long lowest, long highest, string allowed)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (read(text) is { } value && value >= lowest && value <= highest)
            return value;
        result.AddError($"{name}: '{text}' is refused; allowed is {allowed}");
        return null;
    }
}
