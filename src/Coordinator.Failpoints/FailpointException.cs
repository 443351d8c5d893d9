namespace Coordinator.Failpoints;

/// <summary>An injected failure. An <see cref="IOException"/>, because it stands for one: what handles those handles this.</summary>
public sealed class FailpointException(string name) : IOException($"failpoint {name}");
