namespace Coordinator.Actors.Platform;

/// <summary>
/// Akka.NET's parser takes a file that ends in the middle of an object, a list or a string without a word (1.5.74), and the settings of the missing half
/// silently keep their defaults. This finds what was not closed.
/// </summary>
static class HoconText
{
    private const string LongQuote = "\"\"\"";

    /// <returns>What is wrong, with its line; null if every bracket and quote is closed.</returns>
    public static string? FindUnbalanced(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when text.AsSpan(at).StartsWith("//"):
                    at = EndOr(text, text.IndexOf('\n', at)) - 1;
                    break;
                case '"':
                    var end = EndOfString(text, at);
                    if (end < 0)
                    {
                        return $"the string that begins in line {line} is not closed";
                    }

                    line += text.AsSpan(at, end - at).Count('\n');
                    at = end;
                    break;
                case '{' or '[':
                    open.Push((text[at], line));
                    break;
                case '}' or ']':
                    var opener = text[at] == '}' ? '{' : '[';
                    if (!open.TryPop(out var last) || last.Bracket != opener)
                    {
                        return $"'{text[at]}' in line {line} closes nothing";
                    }

                    break;
            }
        }

        return open.TryPeek(out var unclosed) ? $"'{unclosed.Bracket}' in line {unclosed.Line} is not closed" : null;
    }

    // Position of the string's last quote; negative if there is none.
    private static int EndOfString(string text, int start)
    {
        if (text.AsSpan(start).StartsWith(LongQuote))
        {
            var close = text.IndexOf(LongQuote, start + LongQuote.Length, StringComparison.Ordinal);
            return close < 0 ? -1 : close + LongQuote.Length - 1;
        }

        for (var at = start + 1; at < text.Length && text[at] != '\n'; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == '"')
            {
                return at;
            }
        }

        return -1;
    }

    private static int EndOr(string text, int position) => position < 0 ? text.Length : position;
}
