namespace Coordinator.Agent.State;

/// <summary>How a store came to be what it is at opening.</summary>
public enum StoreOrigin
{
    /// <summary>There was none: nothing that was decided before is known.</summary>
    Created,

    /// <summary>The same store as before.</summary>
    Continued,

    /// <summary>A copy of an earlier one: it got a new instance id, and its records may be out of date.</summary>
    Restored,
}
