using Coordinator.Contracts;

namespace Coordinator.Client;

/// <summary>The coordinators refuse the request; the message is their sentence. Asking again does not help.</summary>
/// <param name="kind">Why: <see cref="AnswerKind.NotFound"/>, <see cref="AnswerKind.FailedPrecondition"/>, <see cref="AnswerKind.InvalidArgument"/> or <see cref="AnswerKind.ResourceExhausted"/>.</param>
/// <param name="message">The sentence.</param>
public sealed class CoordinatorRefusedException(AnswerKind kind, string message) : Exception(message)
{
    public AnswerKind Kind { get; } = kind;
}

/// <summary>No coordinator has answered in time. The request may have been taken on: repeat it with the same request id, and it gets the first one's result.</summary>
/// <param name="message">What was not answered, and for how long.</param>
public sealed class CoordinatorUnavailableException(string message) : Exception(message);
