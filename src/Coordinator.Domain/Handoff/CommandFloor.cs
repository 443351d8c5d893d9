namespace Coordinator.Domain.Handoff;

/// <summary>
/// The greatest epoch that one agent has accepted for one VM, with the incarnation that holds it; durable. It guards coordinators' commands only: agents judge each
/// other's messages by attempt alone, because a fence revokes no authorisation (an epoch on agent-to-agent messages leaves the guest stopped for ever: found by search).
/// </summary>
public sealed record CommandFloor(Epoch Epoch, IncarnationId Incarnation)
{
    public static readonly CommandFloor Lowest = new(Epoch.None, default);

    /// <summary>
    /// A greater epoch is admitted, and an equal one of the same incarnation. Two incarnations can claim the same epoch only if the journal was restored from a backup; the
    /// first one wins, the other must claim a greater one.
    /// </summary>
    public bool Admits(Epoch epoch, IncarnationId incarnation) => epoch > Epoch || (epoch == Epoch && incarnation == Incarnation);

    /// <summary>The floor after an admitted command. Never lower than before.</summary>
    /// <exception cref="InvalidOperationException">The command is not admitted.</exception>
    public CommandFloor Raise(Epoch epoch, IncarnationId incarnation) =>
        Admits(epoch, incarnation)
            ? new CommandFloor(epoch, incarnation)
            : throw new InvalidOperationException($"epoch {epoch} of incarnation {incarnation} is below the floor {Epoch} of {Incarnation}");

    public string Refusal(Epoch epoch) => $"epoch {epoch} is refused: this agent has accepted epoch {Epoch} of incarnation {Incarnation}";
}
