using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Coordinator.Domain;

namespace Coordinator.Mutants;

/// <summary>Runs the killers against each mutant and says which live.</summary>
public static class MutantRun
{
    /// <summary>A mutant that needs longer than this, and than ten clean runs, runs in circles, and so was noticed.</summary>
    private static readonly TimeSpan s_leastLimit = TimeSpan.FromSeconds(90);

    public static int Run(string list, string equivalents, string[] options)
    {
        int schedules = 300;
        int stride = 1;
        int phase = 0;
        int from = 0;
        int sample = 1;
        bool searches = false;
        string? only = null;
        for (int i = 0; i < options.Length; i++)
        {
            int Number() => int.Parse(options[++i], CultureInfo.InvariantCulture);
            switch (options[i])
            {
                case "--schedules": schedules = Number(); break;
                case "--stride": stride = Number(); break;
                case "--phase": phase = Number(); break;
                case "--from": from = Number(); break;
                case "--sample": sample = Number(); break;
                case "--search": searches = true; break;
                case "--only": only = options[++i]; break;
                default: throw new ArgumentException($"unknown option {options[i]}; see the first lines of Program.cs");
            }
        }

        // The switch is reached by name: this program is compiled against the domain as it is.
        Type mutantSwitch = typeof(AttemptNo).Assembly.GetType("Coordinator.Domain.MutantSwitch") ?? throw new InvalidOperationException("the domain in this folder has no mutants in it");
        FieldInfo active = mutantSwitch.GetField("Active")!;
        Mutant[] mutants = JsonSerializer.Deserialize<Mutant[]>(File.ReadAllText(list))!;
        HashSet<string> known = [.. File.ReadAllLines(equivalents).Where(l => !l.StartsWith('#')).Select(l => l.Split(" | ")[0].Trim()).Where(l => l.Length > 0)];
        HashSet<int> wanted = only is null ? [] : [.. only.Split(',').Select(int.Parse)];

        Stopwatch clock = Stopwatch.StartNew();
        if (Killers.Kill(schedules, searches) is { } broken)
        {
            Console.WriteLine($"without a mutant: {broken}");
            return 2;
        }

        // By this machine as busy as it is: a survivor is not to be taken for killed because it was slow.
        TimeSpan limit = TimeSpan.FromTicks(Math.Max(s_leastLimit.Ticks, 10 * clock.Elapsed.Ticks));
        Console.WriteLine($"# without a mutant all hold, {Facts.Count} tests and {schedules} schedules in {clock.Elapsed.TotalSeconds:F1} s");
        bool[] reached = (bool[])mutantSwitch.GetField("Reached")!.GetValue(null)!;
        Mutant[] share = [.. mutants.Where((m, at) => at / sample % stride == phase && at % sample == 0 && (only is null || wanted.Contains(m.Number)))];
        Console.WriteLine($"# share of {share.Length}");
        foreach (Mutant mutant in share.Where(m => m.Number >= from))
        {
            if (known.Contains(mutant.Key))
            {
                Console.WriteLine($"EQUIVALENT {mutant}");
                continue;
            }

            // Known to the caller before it is tried: a mutant may end the whole process (a stack overflow), and the next one is behind it.
            Console.WriteLine($"# trying #{mutant.Number}");
            Console.Out.Flush();
            string? killer = reached[mutant.Number] ? Try(active, mutant.Number, limit, schedules, searches) : null;
            Console.WriteLine(killer is not null ? $"killed {mutant} by {killer}" : $"{(reached[mutant.Number] ? "SURVIVED" : "UNREACHED")} {mutant}");
        }

        return 0;
    }

    private static string? Try(FieldInfo active, int number, TimeSpan limit, int schedules, bool searches)
    {
        active.SetValue(null, number);
        string? killer = null;
        Thread thread = new(() => killer = Killers.Kill(schedules, searches), maxStackSize: 16 << 20) { IsBackground = true };
        thread.Start();
        if (thread.Join(limit))
        {
            active.SetValue(null, 0);
            return killer;
        }

        // It cannot be stopped from here: the caller goes on behind this mutant in a process of its own.
        Console.WriteLine($"killed #{number} by running in circles");
        Console.Out.Flush();
        Environment.Exit(100);
        return null;
    }
}
