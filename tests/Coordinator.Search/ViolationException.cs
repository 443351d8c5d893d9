namespace Coordinator.Search;

/// <summary>A safety property does not hold in the step that was being made.</summary>
public sealed class ViolationException(string message) : Exception(message);
