using System.Text;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// Splits a pasted command line into words as POSIX sh does (XCU 2.2 and 2.3): quotes, backslash, continuation lines, comments. Nothing is run or
/// looked up: what sh would expand or execute is refused, so that a pasted line never means something else here than in a terminal. <c>${name}</c> is
/// left for the variables of the definition, except between single quotes, where sh leaves it alone too. Hand-written because .NET only splits by
/// Windows' rules.
/// </summary>
internal sealed class ShellWords
{
    private const string RefusedUnquoted = "|&;<>()`*?[";

    private readonly string _text;
    private readonly List<string> _words = [];
    private readonly StringBuilder _word = new();
    private bool _inWord;
    private int _at;

    private ShellWords(string text) => _text = text;

    /// <summary>Either the words, or the sentence that says what is wrong and in which line of the text (counted from 1).</summary>
    public static (IReadOnlyList<string> Words, string? Fault) Split(string text)
    {
        var splitter = new ShellWords(text);
        var fault = splitter.Run();
        return (splitter._words, fault);
    }

    private string? Run()
    {
        while (_at < _text.Length)
        {
            var fault = Step(_text[_at]);
            if (fault is not null)
            {
                return $"{fault} (line {1 + _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n')} of the text)";
            }
        }

        EndWord();
        return null;
    }

    private string? Step(char c)
    {
        switch (c)
        {
            case ' ' or '\t' or '\n' or '\r':
                EndWord();
                _at++;
                return null;
            case '#' when !_inWord:
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
                return null;
            case '\\':
                return Escaped();
            case '\'':
                return SingleQuoted();
            case '"':
                return DoubleQuoted();
            case '$':
                return Dollar(quoted: false);
            case '~' when !_inWord:
                return "'~' is a home directory to a shell, and not expanded here; write the path out, or quote it";
            default:
                if (RefusedUnquoted.Contains(c, StringComparison.Ordinal))
                {
                    return $"'{c}' means something to a shell, and no shell runs here; quote it if it belongs to the argument";
                }

                Take(c);
                return null;
        }
    }

    private string? Escaped()
    {
        if (_at + 1 >= _text.Length)
        {
            return "a backslash stands at the very end";
        }

        var next = _text[_at + 1];
        if (next == '\r' && _at + 2 < _text.Length && _text[_at + 2] == '\n')
        {
            _at += 3;
            return null;
        }

        _at++;
        if (next == '\n')
        {
            _at++;
            return null;
        }

        TakeLiteral(next);
        return null;
    }

    private string? SingleQuoted()
    {
        var close = _text.IndexOf('\'', _at + 1);
        if (close < 0)
        {
            return "a single quote is not closed";
        }

        _inWord = true;
        _word.Append(_text[(_at + 1)..close].Replace("${", "$${", StringComparison.Ordinal));
        _at = close + 1;
        return null;
    }

    private string? DoubleQuoted()
    {
        _inWord = true;
        _at++;
        while (_at < _text.Length)
        {
            var c = _text[_at];
            switch (c)
            {
                case '"':
                    _at++;
                    return null;
                case '`':
                    return "a shell would run what stands between backquotes; put it in single quotes if it belongs to the argument";
                case '$':
                    if (Dollar(quoted: true) is { } fault)
                    {
                        return fault;
                    }

                    break;
                case '\\' when _at + 1 < _text.Length && "$`\"\\\n".Contains(_text[_at + 1], StringComparison.Ordinal):
                    _at++;
                    if (_text[_at] == '\n')
                    {
                        _at++;
                    }
                    else
                    {
                        TakeLiteral(_text[_at]);
                    }

                    break;
                default:
                    Take(c);
                    break;
            }
        }

        return "a double quote is not closed";
    }

    private string? Dollar(bool quoted)
    {
        var next = _at + 1 < _text.Length ? _text[_at + 1] : ' ';
        if (next == '(')
        {
            return "a shell would run $(...), and no shell runs here; put the result into a variable";
        }

        if (char.IsAsciiLetterOrDigit(next) || next == '_')
        {
            return "variables are written ${name} here; put a '$' that belongs to the argument in single quotes";
        }

        if ("@*#?-!".Contains(next, StringComparison.Ordinal) || (next == '$' && !IsEscapedVariable()) || (!quoted && (next is '\'' or '"')))
        {
            return $"'${next}' means something to a shell, and no shell runs here; put a '$' that belongs to the argument in single quotes";
        }

        Take('$');
        if (next != '{')
        {
            return null;
        }

        // The whole ${...} is taken at once: its name may hold characters that are refused outside, and Fault() of the definition says so better.
        var close = _text.IndexOf('}', _at);
        var stop = close < 0 ? _text.Length : close + 1;
        _word.Append(_text[_at..stop]);
        _at = stop;
        return null;
    }

    // "$${" is this project's own way to write "${".
    private bool IsEscapedVariable() => _at + 2 < _text.Length && _text[_at + 2] == '{';

    // An escaped '$' before '{' must not become a variable afterwards.
    private void TakeLiteral(char c)
    {
        if (c == '$' && _at + 1 < _text.Length && _text[_at + 1] == '{')
        {
            _word.Append('$');
        }

        Take(c);
        if (c == '$' && _at < _text.Length && _text[_at] == '{')
        {
            Take('{');
        }
    }

    private void Take(char c)
    {
        _inWord = true;
        _word.Append(c);
        _at++;
    }

    private void EndWord()
    {
        if (_inWord)
        {
            _words.Add(_word.ToString());
            _word.Clear();
            _inWord = false;
        }
    }
}
