using Coordinator.Contracts.Api;

namespace Coordinator.Client;

/// <summary>
/// A VM and its newest migration as they are now: first when subscribed, then after every change, at most every 100 ms while only figures change. Whole each time, so that the newest is enough; none
/// is ever older than the one before.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Version">Grows with each.</param>
/// <param name="VirtualMachine">Where it is.</param>
/// <param name="Migration">Its newest migration, null before the first.</param>
public sealed record MigrationStatusChanged(string Vm, long Version, VirtualMachine VirtualMachine, Migration? Migration);

/// <summary>The coordinators refuse the subscription; nothing more comes of it.</summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Reason">Their sentence.</param>
public sealed record SubscriptionRefused(string Vm, string Reason);
