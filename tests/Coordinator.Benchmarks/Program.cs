using System.CommandLine;
using Coordinator.Benchmarks;

var rounds = new Option<int>("--rounds") { Description = "Migrations of each kind, 2..100000.", DefaultValueFactory = _ => 200 };
rounds.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is < 2 or > 100_000)
        result.AddError("--rounds must be 2..100000");
});
var queuePairs = new Option<int>("--queue-pairs") { Description = "Of the guest's network card, 2..16; each brings two data queues, and one control queue serves all.", DefaultValueFactory = _ => 4 };
queuePairs.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is < 2 or > 16)
        result.AddError("--queue-pairs must be 2..16: a multi-queue tap refuses a single queue");
});
var ofInstalled = new Option<bool>("--installed-qemu") { Description = "The system's QEMU instead of the modern one." };

var linux = new Command("linux", "Blackout of a Linux guest: through the coordinator, and by a bare QMP script, in turn.") { rounds, queuePairs, ofInstalled };
linux.SetAction((parsed, interrupted) => BlackoutBenchmark.Linux(parsed.GetValue(rounds), parsed.GetValue(queuePairs), parsed.GetValue(ofInstalled), interrupted));
var empty = new Command("empty", "The same with a guest that has no system and three network cards (9 virtqueues): for many rounds.") { rounds, ofInstalled };
empty.SetAction((parsed, interrupted) => BlackoutBenchmark.Empty(parsed.GetValue(rounds), parsed.GetValue(ofInstalled), interrupted));

RootCommand root = new("What a migration through the coordinator costs the guest, against plain QEMU on the same machine in the same run.") { linux, empty };

// A round under way is ended, and its guests and processes with it; a round takes seconds.
return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
