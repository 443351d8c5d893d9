using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;

namespace Coordinator.Mutants;

/// <summary>The domain's project with all mutants in it, as a project of its own in another folder.</summary>
public static partial class MutantSource
{
    public const string ListFile = "mutants.json";

    /// <summary>The decision code: what a participant decides, folds and asks for.</summary>
    private static readonly string[] s_decisions =
    [
        "Handoff/CommandFloor.cs", "Handoff/SourceDecisions.cs", "Handoff/SourceHandoff.cs", "Handoff/DestinationDecisions.cs", "Handoff/DestinationHandoff.cs",
        "Migration/VmDecisions.cs", "Migration/VmProgress.cs", "Migration/VmEffects.cs", "Migration/VmTransitions.cs", "Migration/Reports.cs", "Migration/DoubtChoices.cs",
    ];

    public static IReadOnlyList<Mutant> Write(string domain, string target, IReadOnlySet<int> leftOut)
    {
        int last = 0;
        List<Mutant> mutants = [];
        foreach (string path in Directory.EnumerateFiles(domain, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string relative = Path.GetRelativePath(domain, path).Replace('\\', '/');
            if (relative.StartsWith("obj/", StringComparison.Ordinal) || relative.StartsWith("bin/", StringComparison.Ordinal) || relative == "packages.lock.json")
            {
                continue;
            }

            string text = File.ReadAllText(path);
            if (s_decisions.Contains(relative))
            {
                Schemata schemata = new(relative, () => ++last, leftOut);
                text = schemata.Visit(CSharpSyntaxTree.ParseText(text).GetRoot())!.ToFullString();
                mutants.AddRange(schemata.Mutants);
            }

            string to = Path.Combine(target, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllText(to, text);
        }

        File.WriteAllText(Path.Combine(target, "MutantSwitch.cs"), Switch(last));
        File.WriteAllText(Path.Combine(target, ListFile), JsonSerializer.Serialize(mutants));
        return mutants;
    }

    /// <summary>Numbers that stand in the lines which the compiler refuses.</summary>
    public static IEnumerable<int> Refused(string compilerOutput)
    {
        foreach ((string file, int line) in ErrorLine().Matches(compilerOutput).Select(m => (m.Groups["file"].Value.Trim(), int.Parse(m.Groups["line"].Value, CultureInfo.InvariantCulture))).Distinct())
        {
            string[] lines = File.ReadAllLines(file);
            foreach (Match number in SwitchCall().Matches(lines[line - 1]))
            {
                yield return int.Parse(number.Groups["number"].Value, CultureInfo.InvariantCulture);
            }
        }
    }

    private static string Switch(int last) => $$"""
        namespace Coordinator.Domain;

        public static class MutantSwitch
        {
            /// <summary>The mutant that is on; 0: none, and what is reached is noted.</summary>
            public static int Active;

            public static readonly bool[] Reached = new bool[{{last + 1}}];

            public static bool Is(int number)
            {
                if (Active == 0)
                {
                    Reached[number] = true;
                    return false;
                }

                return Active == number;
            }
        }
        """;

    [GeneratedRegex(@"^(?<file>[^(\r\n]+\.cs)\((?<line>\d+),\d+\): error", RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorLine();

    [GeneratedRegex(@"MutantSwitch\.Is\((?<number>\d+)\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex SwitchCall();
}
