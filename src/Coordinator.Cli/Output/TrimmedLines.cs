using System.Text;

namespace Coordinator.Cli.Output;

/// <summary>Drops the blanks with which Spectre.Console fills every line up to its table's width: in a file or a pipe they are noise.</summary>
internal sealed class TrimmedLines(TextWriter inner) : TextWriter
{
    int blanks;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        switch (value)
        {
            case ' ':
                blanks++;
                break;
            case '\r' or '\n':
                blanks = 0;
                inner.Write(value);
                break;
            default:
                for (; blanks > 0; blanks--)
                    inner.Write(' ');
                inner.Write(value);
                break;
        }
    }

    public override void Flush() => inner.Flush();
}
