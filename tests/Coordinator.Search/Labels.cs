using System.Runtime.CompilerServices;

namespace Coordinator.Search;

/// <summary>
/// Builds a step's name only when a trace is being told. Tens of millions of steps are made and a few dozen are ever read; building all names took most of the time.
/// </summary>
[InterpolatedStringHandler]
public readonly ref struct LabelHandler
{
    private readonly System.Text.StringBuilder? _text;

    public LabelHandler(int literalLength, int formattedCount, Moves moves, out bool wanted)
    {
        wanted = moves.TellsNames;
        _text = wanted ? new System.Text.StringBuilder(literalLength + (formattedCount * 8)) : null;
    }

    public void AppendLiteral(string text) => _text!.Append(text);

    public void AppendFormatted<T>(T value) => _text!.Append(value);

    public override string ToString() => _text?.ToString() ?? "";
}
