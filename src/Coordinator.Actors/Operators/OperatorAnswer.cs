using System.Text;

namespace Coordinator.Actors.Operators;

/// <summary>What a program or an address of the operator made of a request.</summary>
/// <param name="Code">Exit code or HTTP status; null when there was none.</param>
/// <param name="Sentence">Continues "it": <c>ended with 3: no route</c>. One line without control characters, for logs and journals.</param>
/// <param name="Said">The beginning of what it printed, or of the body, as one line.</param>
internal sealed record OperatorAnswer(int? Code, string Sentence, string Said)
{
    /// <summary>Of what it says, in a sentence; more than this nobody reads in an alert or a proof.</summary>
    private const int SaidAtMost = 800;

    /// <summary>Bounds the memory that a talkative program costs.</summary>
    private const int KeptCharacters = 8 * 1024;

    internal static OperatorAnswer Of(int code, string did, string said)
    {
        string line = OneLine(said, KeptCharacters);
        return new OperatorAnswer(code, line.Length > 0 ? $"{did}: {OneLine(line, SaidAtMost)}" : did, line);
    }

    internal static OperatorAnswer None(string why) => new(Code: null, OneLine(why, SaidAtMost), "");

    internal static string OneLine(string text, int charactersAtMost)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        line = new string([.. line.Where(c => !char.IsControl(c))]);
        if (line.Length <= charactersAtMost)
        {
            return line;
        }

        // Half a surrogate pair is no text any more, and the journal could not write it.
        return char.IsHighSurrogate(line[charactersAtMost - 1]) ? line[..(charactersAtMost - 1)] : line[..charactersAtMost];
    }

    /// <summary>Reads to the end, so that whoever writes is not held up, and keeps the beginning.</summary>
    internal static async Task ReadAsync(TextReader from, StringBuilder into, CancellationToken stop)
    {
        char[] buffer = new char[4096];
        int read;
        while ((read = await from.ReadAsync(buffer, stop).ConfigureAwait(false)) > 0)
        {
            lock (into)
            {
                into.Append(buffer, 0, Math.Min(read, KeptCharacters - into.Length));
            }
        }
    }
}
