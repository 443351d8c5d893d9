namespace Coordinator.Lab;

/// <summary>The lab itself could not be set up or read; says what to do where something can be done. Never the verdict on a guest.</summary>
public sealed class LabFailure(string message, Exception? cause = null) : Exception(message, cause);
