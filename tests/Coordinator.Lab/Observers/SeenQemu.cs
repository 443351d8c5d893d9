using Coordinator.Domain;

namespace Coordinator.Lab.Observers;

/// <summary>One QEMU as its observer has seen it so far.</summary>
/// <param name="Runs">In their order; only the last one can be without an end.</param>
public sealed record SeenQemu(string Host, string Vm, LaunchId Launch, int Pid, bool IsAlive, IReadOnlyList<GuestRun> Runs);
