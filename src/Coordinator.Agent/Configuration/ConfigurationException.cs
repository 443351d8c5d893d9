using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Configuration;

/// <summary>The only exception that reading a host configuration throws.</summary>
public sealed class ConfigurationException(string sourceName, IReadOnlyList<DocumentProblem> problems) : DocumentException(sourceName, problems);
