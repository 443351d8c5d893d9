using System.Globalization;

namespace Coordinator.Agent.Configuration.Documents;

/// <summary>All problems found in one document, so that a person mends a file once and not line by line.</summary>
public abstract class DocumentException(string sourceName, IReadOnlyList<DocumentProblem> problems)
    : Exception(Describe(sourceName, problems))
{
    public string SourceName { get; } = sourceName;

    public IReadOnlyList<DocumentProblem> Problems { get; } = problems;

    // "file:line:column: sentence" is what compilers print and editors jump to.
    private static string Describe(string sourceName, IReadOnlyList<DocumentProblem> problems) =>
        string.Join('\n', problems.Select(p => p.Line is null
            ? $"{sourceName}: {p.Sentence}"
            : string.Create(CultureInfo.InvariantCulture, $"{sourceName}:{p.Line}:{p.Column}: {p.Sentence}")));
}
