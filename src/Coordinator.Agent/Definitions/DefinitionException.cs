using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

/// <summary>The only exception that a VM definition throws, at parsing and when a command line is made for a host.</summary>
public sealed class DefinitionException(string sourceName, IReadOnlyList<DocumentProblem> problems) : DocumentException(sourceName, problems)
{
    public DefinitionException(string sourceName, string sentence)
        : this(sourceName, [new DocumentProblem(null, null, sentence)])
    {
    }
}
