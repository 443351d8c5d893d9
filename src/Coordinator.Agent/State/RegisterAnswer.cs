namespace Coordinator.Agent.State;

/// <summary>The answer of a compare-and-set.</summary>
/// <param name="Stored">What is durably stored now; <see cref="RegisterValue.Unknown"/> when that cannot be said.</param>
/// <param name="SetNow">True for the one call that decided. False for a repetition and for a decision that had been made before.</param>
/// <param name="Doubt">Why the answer is unknown, for people.</param>
public readonly record struct RegisterAnswer(RegisterValue Stored, bool SetNow, string? Doubt);
