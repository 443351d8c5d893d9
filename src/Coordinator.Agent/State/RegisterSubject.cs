namespace Coordinator.Agent.State;

/// <summary>What one register decides, and which store instance vouches for it.</summary>
internal readonly record struct RegisterSubject(string Vm, long Attempt, Guid InstanceId);
