namespace Coordinator.Contracts;

/// <summary>Where control planes find the coordinators' service, on every node.</summary>
public static class ControlPlanePath
{
    /// <summary>Same for all nodes of a cluster: it is part of their addresses.</summary>
    public const string SystemName = "coordinator";

    public const string Name = "control-plane";

    public const string Value = $"/user/{Name}";
}
