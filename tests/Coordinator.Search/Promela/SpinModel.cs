using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Coordinator.Search.Promela;

/// <summary>What the exhaustive check of the Promela model came to.</summary>
/// <param name="Errors">What spin's checker said, without repetitions; empty when the model holds.</param>
/// <param name="Outcomes">Each with the fewest faults that lead to it.</param>
public sealed record SpinResult(IReadOnlyList<string> Errors, IReadOnlyDictionary<Outcome, int> Outcomes, string Figures);

/// <summary>A checker that spin made of <c>handoff.pml</c> with some bounds; made once, run any number of times.</summary>
public sealed partial class SpinModel : IDisposable
{
    /// <summary>Far above the largest bound of the tests (130 MB); a model that outgrows it stops with an error instead of taking the machine along.</summary>
    private const int MemoryLimitMb = 1_800;

    private static readonly TimeSpan s_runLimit = TimeSpan.FromMinutes(2);

    private readonly string _directory;

    /// <exception cref="InvalidOperationException">spin or gcc are missing (tests/install/spin.sh), or the model is not Promela.</exception>
    public SpinModel(params IEnumerable<string> defines)
    {
        _directory = Directory.CreateTempSubdirectory("coordinator-spin-").FullName;
        try
        {
            foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(Source())!, "*.pml"))
            {
                File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
            }

            Made("spin", ["-a", .. defines.Select(d => "-D" + d), "handoff.pml"]);

            // PRINTF: outcomes are printed while checking. COLLAPSE: smaller states. SAFETY: no search for cycles, which the protocol has (a yank that changed nothing is repeated).
            Made("gcc", ["-O1", "-DSAFETY", "-DPRINTF", "-DCOLLAPSE", $"-DMEMLIM={MemoryLimitMb}", "-o", "pan", "pan.c"]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The names of all transitions of the model.</summary>
    public static IReadOnlyList<string> Transitions() =>
        TransitionName().Matches(File.ReadAllText(Source())).Select(m => m.Groups["name"].Value).Distinct().ToList();

    /// <summary>Every state within the bounds. <paramref name="dropped"/>: a transition that the model is to lack; <paramref name="planted"/>: a defect that it is to have.</summary>
    public SpinResult Check(string? dropped = null, string? planted = null)
    {
        // -c0: not only the first error; -n: no list of code that was not reached; -m: depth; -w: size of the hash table, 2^n slots.
        string said = Run(Path.Combine(_directory, "pan"), ["-c0", "-n", "-m1000000", "-w20"], dropped, planted);
        Match figures = StoredStates().Match(said);
        Match errors = ErrorCount().Match(said);
        if (!figures.Success || !errors.Success)
        {
            throw new InvalidOperationException($"the checker gave no figures: {said}");
        }

        Dictionary<Outcome, int> outcomes = [];
        foreach (Match match in OutcomeLine().Matches(said))
        {
            Outcome outcome = new(match.Groups["outcome"].Value);
            int faults = int.Parse(match.Groups["faults"].Value, CultureInfo.InvariantCulture);
            outcomes[outcome] = Math.Min(outcomes.GetValueOrDefault(outcome, int.MaxValue), faults);
        }

        List<string> told = ErrorText().Matches(said).Select(m => m.Value).Distinct(StringComparer.Ordinal).ToList();
        if (errors.Groups["count"].Value != "0" && told.Count == 0)
        {
            told.Add("an error without a word");
        }

        return new SpinResult(told, outcomes, $"{figures.Groups["count"].Value} states, {outcomes.Count} outcomes");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Made(string program, string[] arguments)
    {
        using Process process = Start(program, arguments, dropped: null, planted: null);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {said}");
        }
    }

    private string Run(string program, string[] arguments, string? dropped, string? planted)
    {
        using Process process = Start(program, arguments, dropped, planted);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_runLimit))
        {
            process.Kill();
            throw new InvalidOperationException($"the checker had not ended after {s_runLimit}");
        }

        return output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult();
    }

    private Process Start(string program, string[] arguments, string? dropped, string? planted)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = _directory, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (dropped is not null)
        {
            start.Environment["DROPPED"] = dropped;
        }

        if (planted is not null)
        {
            start.Environment["PLANTED"] = planted;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} is not there; tests/install/spin.sh installs it", e);
        }
    }

    private static string Source([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "handoff.pml");

    [GeneratedRegex(@":: (?:STEP|FAULT)\((?<name>\w+),", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex TransitionName();

    [GeneratedRegex(@"OUTCOME (?<outcome>.*); faults (?<faults>\d+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex OutcomeLine();

    [GeneratedRegex(@"(?<count>\d+) states, stored", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex StoredStates();

    [GeneratedRegex(@"errors: (?<count>\d+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorCount();

    [GeneratedRegex(@"VIOLATION: .*|pan:\d+: (invalid end state|assertion violated \(|max search).*|error: max search depth too small|out of memory", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorText();
}
