using System.Globalization;
using Coordinator.Search;

// The search as a program, for bounds beyond what the tests run: --faults 2 [--attempts 2] [--no-delays] [--no-cancel] [--no-hosts] [--no-wipe] [--no-coordinator-faults] [--no-liveness] [--person] [--each-record] [--max-states N]
SearchOptions options = new() { EagerRecording = true };
for (int i = 0; i < args.Length; i++)
{
    int Number() => int.Parse(args[++i], CultureInfo.InvariantCulture);
    options = args[i] switch
    {
        "--faults" => options with { Faults = Number() },
        "--attempts" => options with { MaxAttempts = Number() },
        "--epochs" => options with { MaxEpochs = Number() },
        "--max-states" => options with { MaxStates = Number() },
        "--no-delays" => options with { DelayedMessages = false },
        "--no-cancel" => options with { Cancel = false },
        "--no-hosts" => options with { HostLoss = false },
        "--no-deaths" => options with { QemuDeath = false },
        "--no-coordinator-faults" => options with { CoordinatorFaults = false },
        "--no-liveness" => options with { Liveness = false },
        "--no-wipe" => options with { StateWipe = false },
        "--person" => options with { Person = true },
        "--each-record" => options with { EagerRecording = false },
        _ => throw new ArgumentException($"unknown option {args[i]}; see the first lines of Program.cs"),
    };
}

SearchResult result = Explorer.Run(new ProtocolRules(), options);
Console.WriteLine(result);
Console.WriteLine($"peak memory {Environment.WorkingSet / 1_048_576} MiB");
return result is { Violation: null, Complete: true } ? 0 : 1;
