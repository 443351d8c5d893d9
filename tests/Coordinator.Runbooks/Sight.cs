using System.Text.RegularExpressions;

namespace Coordinator.Runbooks;

/// <summary>Whether an output shows what a page says one should see.</summary>
internal static class Sight
{
    /// <returns>Null when every pattern is there in its order, else the first that is not. Blanks count as one; <c>...</c> is anything within a line.</returns>
    public static string? Missing(IReadOnlyList<string> patterns, string output)
    {
        Queue<string> lines = new(output.Split('\n').Select(Plain));
        foreach (string pattern in patterns)
        {
            Regex wanted = new(string.Join(".*", Plain(pattern).Split("...").Select(part => Regex.Escape(part.Trim()))), RegexOptions.NonBacktracking);
            while (true)
            {
                if (!lines.TryDequeue(out string? line))
                {
                    return pattern;
                }

                if (wanted.IsMatch(line))
                {
                    break;
                }
            }
        }

        return null;
    }

    private static string Plain(string line) => string.Join(' ', line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries));
}
