namespace Coordinator.Agent.State;

public enum StoreFault
{
    /// <summary>No space left. Nothing of the call was recorded; the store goes on when space returns.</summary>
    Full,

    /// <summary>Not readable as a store. The agent must not start on it.</summary>
    Damaged,

    /// <summary>Another agent uses the directory.</summary>
    InUse,

    /// <summary>Written by a newer version.</summary>
    TooNew,

    /// <summary>Any other refusal of the operating system. Nothing of the call counts as recorded.</summary>
    Refused,
}

/// <summary>A call to the store failed; what it was to record must be taken as not recorded.</summary>
public sealed class AgentStoreException(StoreFault fault, string sentence, Exception? inner = null) : Exception(sentence, inner)
{
    public StoreFault Fault { get; } = fault;
}
