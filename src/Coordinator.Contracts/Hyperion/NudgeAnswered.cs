namespace Coordinator.Contracts;

/// <summary>The answer of an entity to a <see cref="Nudge"/> with a sender.</summary>
/// <param name="VmId">Its VM.</param>
/// <param name="AliveMs">Since its entity was started, on a monotonic clock: less than the question's age means that the question has started it.</param>
public sealed record NudgeAnswered(string VmId, long AliveMs) : IWireMessage;
