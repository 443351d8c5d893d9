using System.Globalization;
using System.Text.RegularExpressions;
using Coordinator.Lab;

namespace Coordinator.Runbooks;

/// <summary>One block of commands with what the page says one should see.</summary>
/// <param name="Section">Heading above it.</param>
/// <param name="Commands">As they stand in the page.</param>
/// <param name="Patterns">Lines that must appear in this order; <c>...</c> stands for anything.</param>
/// <param name="ExitCode">0 unless the page says "exit code N".</param>
/// <param name="Repeats">The page says "Repeat until": the commands are run again until they show it.</param>
internal sealed record RunbookBlock(string Section, string Commands, IReadOnlyList<string> Patterns, int ExitCode, bool Repeats);

/// <summary>
/// A page under docs/runbooks as its test reads it. Commands are the blocks marked <c>sh</c>; the block marked <c>text</c> after them is what one should see; a block marked <c>sh</c> whose
/// introduction says "by hand" is for the operator's eyes and judgement and is checked for names only. Names are the table under "## Names".
/// </summary>
internal sealed partial class Runbook
{
    private Runbook(string name, string text)
    {
        Name = name;
        Text = text;
        Names = [.. NameRow().Matches(Section(text, "Names")).Select(m => m.Groups[1].Value)];
        Blocks = [.. ReadBlocks(text)];
    }

    public static string Folder => Path.Combine(LabFolder.RepositoryRoot, "docs", "runbooks");

    public string Name { get; }

    public string Text { get; }

    public IReadOnlyList<string> Names { get; }

    public IReadOnlyList<RunbookBlock> Blocks { get; }

    public static Runbook Read(string name) => new(name, File.ReadAllText(Path.Combine(Folder, name + ".md")));

    /// <summary>The text under a heading of the second level, to the next one; empty if there is none.</summary>
    public static string Section(string text, string heading)
    {
        int start = text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        if (start < 0)
        {
            return "";
        }

        int end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    public IEnumerable<string> UsedNames => Fence().Matches(Text).SelectMany(f => UsedName().Matches(f.Groups["body"].Value)).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal);

    private static IEnumerable<RunbookBlock> ReadBlocks(string text)
    {
        List<Match> fences = Fence().Matches(text).ToList<Match>();
        for (int i = 0; i < fences.Count; i++)
        {
            Match fence = fences[i];
            if (fence.Groups["kind"].Value != "sh" || Before(text, fences, i).Contains("by hand", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            bool hasSight = i + 1 < fences.Count && fences[i + 1].Groups["kind"].Value == "text";
            string between = text[(fence.Index + fence.Length)..(hasSight ? fences[i + 1].Index : NextHeading(text, fence.Index + fence.Length))];
            string heading = Heading().Matches(text[..fence.Index]).LastOrDefault()?.Groups[1].Value ?? "";
            yield return new RunbookBlock(
                heading,
                fence.Groups["body"].Value,
                hasSight ? [.. fences[i + 1].Groups["body"].Value.Split('\n').Where(l => l.Trim().Length > 0)] : [],
                ExitCodeWords().Match(between) is { Success: true } code ? int.Parse(code.Groups[1].Value, CultureInfo.InvariantCulture) : 0,
                between.Contains("Repeat until", StringComparison.Ordinal));
        }
    }

    /// <summary>From the block or heading before to this block.</summary>
    private static string Before(string text, List<Match> fences, int i)
    {
        int from = i == 0 ? 0 : fences[i - 1].Index + fences[i - 1].Length;
        string before = text[from..fences[i].Index];
        int heading = before.LastIndexOf("\n#", StringComparison.Ordinal);
        return heading < 0 ? before : before[heading..];
    }

    private static int NextHeading(string text, int from) => text.IndexOf("\n#", from, StringComparison.Ordinal) is >= 0 and var at ? at : text.Length;

    [GeneratedRegex(@"^```(?<kind>\w*)\n(?<body>.*?)^```$", RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\| `\$(?<name>[A-Z]+)`", RegexOptions.NonBacktracking | RegexOptions.Multiline)]
    private static partial Regex NameRow();

    [GeneratedRegex(@"\$(?<name>[A-Z]+)", RegexOptions.NonBacktracking)]
    private static partial Regex UsedName();

    [GeneratedRegex(@"^#+ (?<heading>.*)$", RegexOptions.NonBacktracking | RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"exit code (?<code>\d+)", RegexOptions.NonBacktracking)]
    private static partial Regex ExitCodeWords();
}
