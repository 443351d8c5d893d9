namespace Coordinator.Agent.State;

/// <summary>What a decision register answers. The numbers stand on disk: never change them.</summary>
public enum RegisterValue : byte
{
    /// <summary>
    /// Torn, missing, unreadable, of another store instance, or a write failed. Doubt: never to be taken for <see cref="Empty"/>, and never left
    /// again by this register.
    /// </summary>
    Unknown = 0,

    /// <summary>Durably undecided.</summary>
    Empty = 1,

    /// <summary>The destination runs, or is about to.</summary>
    Run = 2,

    /// <summary>The destination never ran and never will; the source may.</summary>
    Refused = 3,
}
