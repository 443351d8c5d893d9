using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Coordinator.Load;

Option<int?> hosts = Number("--hosts", "Simulated hosts, 2..1000.", 2, 1_000);
Option<int?> active = Number("--active", "Migrations at a time, 1..50000.", 1, 50_000);
Option<int?> requests = Number("--requests", "Of the burst, 1..100000.", 1, 100_000);
Option<int?> queues = Number("--queues", "Virtqueues of each VM, 1..64; default 16.", 1, 64);
Option<int?> processes = Number("--processes", "Processes of agents, and as many of guests, 1..64.", 1, 64);
Option<int?> duration = Number("--duration", "Seconds of load, 5..86400.", 5, 86_400);
Option<int?> at = Number("--at", "Second of the load in which the node with most shards is killed, 0..86400.", 0, 86_400);
Option<int?> settle = Number("--settle", "Seconds for everything to end afterwards, 10..86400.", 10, 86_400);
Option<int?> nodes = Number("--nodes", "Coordinators, 1..7; default 3.", 1, 7);
Option<int?> seed = Number("--seed", "The same lots again.", int.MinValue, int.MaxValue);
Option<int?> bare = Number("--bare-journal", "Seconds for which the bare journal is measured first, 0..600; default 10, and 0 is not at all.", 0, 600);
Option<string?> copySeconds = new("--copy-seconds") { Description = "How long each copy takes: A-B.", HelpName = "A-B" };
Option<string?> config = new("--node-config") { Description = "HOCON file of the coordinators, in front of the shipped ones: for a busy machine, say.", HelpName = "FILE" };
Option<string> results = new("--results") { Description = "Directory of the reports.", DefaultValueFactory = _ => "artifacts/load", HelpName = "DIR" };

RootCommand root = new("coordctl load against three real coordinators on a PostgreSQL of their own, in three scenarios; every size is an option.")
{
    Verb("failover", "2,000 active migrations; the node with most shards is killed in the middle", parsed => Of(parsed, "failover", 20, 2_000, "60-120", 4, 600) with
    {
        DurationSeconds = parsed.GetValue(duration) ?? 300,
        KillAtSecond = parsed.GetValue(at) ?? 150,
    }),
    Verb("many", "10,000 active migrations", parsed => Of(parsed, "many", 40, 10_000, "300-600", 8, 1_800) with
    {
        DurationSeconds = parsed.GetValue(duration) ?? 900,
        KillAtSecond = parsed.GetValue(at),
    }),
    Verb("burst", "10,000 requests at once; the node with most shards is killed while they are being acknowledged", parsed => Of(parsed, "burst", 40, 1_000, "5-10", 8, 7_200) with
    {
        Requests = parsed.GetValue(requests) ?? 10_000,
        KillAtSecond = parsed.GetValue(at) ?? 3,
    }),
};
return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });

Command Verb(string name, string what, Func<ParseResult, Scenario> scenario)
{
    Command verb = new(name, what) { hosts, active, queues, processes, settle, nodes, seed, bare, copySeconds, config, results, at };
    verb.Add(name == "burst" ? requests : duration);
    verb.SetAction(async (parsed, cancellation) => await scenario(parsed).RunAsync(cancellation) ? 0 : 1);
    return verb;
}

Scenario Of(ParseResult parsed, string name, int usualHosts, int usualActive, string usualCopy, int usualProcesses, int usualSettle) => new(name)
{
    Hosts = parsed.GetValue(hosts) ?? usualHosts,
    Active = parsed.GetValue(active) ?? usualActive,
    Queues = parsed.GetValue(queues) ?? 16,
    CopySeconds = parsed.GetValue(copySeconds) ?? usualCopy,
    Processes = parsed.GetValue(processes) ?? usualProcesses,
    SettleSeconds = parsed.GetValue(settle) ?? usualSettle,
    Nodes = parsed.GetValue(nodes) ?? 3,
    Seed = parsed.GetValue(seed),
    NodeConfig = parsed.GetValue(config) is { } file ? Path.GetFullPath(file) : null,
    BareJournalSeconds = parsed.GetValue(bare) ?? 10,
    Results = Path.GetFullPath(parsed.GetValue(results)!),
};

static Option<int?> Number(string name, string what, int lowest, int highest)
{
    Option<int?> option = new(name) { Description = what, HelpName = "N" };
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int?>() is { } value && (value < lowest || value > highest))
        {
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be {lowest}..{highest}"));
        }
    });
    return option;
}
