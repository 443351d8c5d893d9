using System.Text.Json;
using System.Text.RegularExpressions;

namespace Coordinator.Runbooks.Containers;

/// <summary>One Dockerfile by its instructions, continued lines joined and comments left out.</summary>
internal sealed partial record Dockerfile(IReadOnlyList<(string Word, string Value)> Instructions)
{
    public static IReadOnlyList<string> All => [.. Directory.GetFiles(ComposeFile.Folder, "Dockerfile", SearchOption.AllDirectories)];

    public static Dockerfile Read(string path)
    {
        string text = string.Join('\n', File.ReadAllLines(path).Where(line => !line.StartsWith('#')));
        return new Dockerfile([.. Continued().Replace(text, " ").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(' ', 2)).Select(parts => (parts[0], parts.Length > 1 ? parts[1] : ""))]);
    }

    /// <summary>Of an image that is built here; without instructions for another's.</summary>
    public static Dockerfile Of(ComposeService service) => service.Image.StartsWith("coordinator", StringComparison.Ordinal)
        ? Read(Path.Combine(ComposeFile.Folder, "..", service.Node["build"]["dockerfile"].ToString()))
        : new Dockerfile([]);

    public IEnumerable<string> Each(string word) => Instructions.Where(i => i.Word == word).Select(i => i.Value);

    /// <summary>The list at the end of an ENTRYPOINT, CMD or HEALTHCHECK; empty without one.</summary>
    public IReadOnlyList<string> Words(string word) => Each(word).LastOrDefault() is { } list ? JsonSerializer.Deserialize<string[]>(list[list.IndexOf('[', StringComparison.Ordinal)..])! : [];

    [GeneratedRegex(@"\\\n", RegexOptions.NonBacktracking)]
    private static partial Regex Continued();
}
