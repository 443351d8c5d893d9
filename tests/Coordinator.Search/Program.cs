using System.Globalization;
using Coordinator.Search;

// The search as a program, for bounds beyond what the tests run: --faults 2 [--attempts 2] [--no-delays] [--no-cancel] [--no-hosts] [--no-wipe] [--no-cont-failures] [--no-agent-crashes] [--no-qemu-faults]
// [--no-coordinator-faults] [--no-liveness] [--person] [--outcomes] [--remember-faults] [--each-record] [--max-states N]
// Exit codes: 0 no violation, all of it searched or as much as --max-states asked for; 1 a violation; 3 the default bound was met, so less was searched than was asked for.
SearchOptions options = new() { EagerRecording = true };
bool tellsOutcomes = false;
bool isBounded = false;
for (int i = 0; i < args.Length; i++)
{
    int Number() => int.Parse(args[++i], CultureInfo.InvariantCulture);
    options = args[i] switch
    {
        "--faults" => options with { Faults = Number() },
        "--attempts" => options with { MaxAttempts = Number() },
        "--epochs" => options with { MaxEpochs = Number() },
        "--max-states" => (isBounded = true, options with { MaxStates = Number() }).Item2,
        "--no-delays" => options with { DelayedMessages = false },
        "--no-cancel" => options with { Cancel = false },
        "--no-hosts" => options with { HostLoss = false },
        "--no-deaths" => options with { QemuDeath = false },
        "--no-coordinator-faults" => options with { CoordinatorFaults = false },
        "--no-liveness" => options with { Liveness = false },
        "--no-wipe" => options with { StateWipe = false },
        "--person" => options with { Person = true },
        "--no-cont-failures" => options with { ContFails = false },
        "--no-agent-crashes" => options with { AgentCrashes = false },
        "--no-qemu-faults" => options with { QemuFaults = false },
        "--remember-faults" => options with { RemembersFaults = true },
        "--outcomes" => (tellsOutcomes = true, options).options,
        "--each-record" => options with { EagerRecording = false },
        _ => throw new ArgumentException($"unknown option {args[i]}; see the first lines of Program.cs"),
    };
}

SearchResult result = Explorer.Run(new ProtocolRules(), options);
Console.WriteLine(result);
if (tellsOutcomes)
{
    foreach ((Outcome outcome, int faults) in result.Outcomes.OrderBy(o => o.Key.Text, StringComparer.Ordinal))
    {
        Console.WriteLine($"OUTCOME {outcome}; faults {faults}");
    }
}

Console.WriteLine($"peak memory {Environment.WorkingSet / 1_048_576} MiB");
if (result.Violation is not null)
{
    return 1;
}

if (!result.Complete)
{
    Console.WriteLine($"no violation within the bound of {options.MaxStates} states; what lies behind it was not looked at");
    return isBounded ? 0 : 3;
}

return 0;
