namespace Coordinator.Agent.Configuration.Documents;

/// <summary>One thing wrong with a document. Line and column count from 1 and are absent only where the document as a whole is meant.</summary>
public sealed record DocumentProblem(long? Line, long? Column, string Sentence);
