namespace Coordinator.Agent.Configuration.Documents;

/// <summary>Text from outside as it may stand in an error sentence: one line, bounded.</summary>
internal static class Shown
{
    private const int CharactersAtMost = 80;

    public static string Briefly(string text)
    {
        var line = string.Concat(text.Take(CharactersAtMost).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > CharactersAtMost ? line + "..." : line;
    }

    public static string List(IEnumerable<string> words) => string.Join(", ", words);
}
