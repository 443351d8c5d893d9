namespace Coordinator.Agent.Configuration.Documents;

internal sealed class ProblemList
{
    // A file with hundreds of mistakes is not a definition at all; more lines help nobody.
    private const int ShownAtMost = 20;

    private readonly List<DocumentProblem> _problems = [];
    private int _notShown;

    public bool Any => _problems.Count > 0;

    public void Add(TextPosition at, string sentence)
    {
        if (_problems.Count < ShownAtMost)
        {
            _problems.Add(new DocumentProblem(at.Line, at.Column, sentence));
        }
        else
        {
            _notShown++;
        }
    }

    public void Add(string sentence) => _problems.Add(new DocumentProblem(null, null, sentence));

    /// <summary>In the order of the text, which is how a person mends it.</summary>
    public IReadOnlyList<DocumentProblem> ToList()
    {
        var inOrder = _problems.OrderBy(p => p.Line ?? long.MaxValue).ThenBy(p => p.Column);
        return _notShown == 0 ? [.. inOrder] : [.. inOrder, new DocumentProblem(null, null, $"and {_notShown} more problems.")];
    }
}
