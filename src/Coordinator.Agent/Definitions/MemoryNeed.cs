namespace Coordinator.Agent.Definitions;

/// <summary>
/// Memory that a QEMU will ask of its host for the guest, without QEMU's own (30-40 MiB plus devices, which the host's reserve covers).
/// </summary>
/// <param name="MiB">Rounded up.</param>
/// <param name="MayUseHugePages">A backend asks for huge pages: by <c>hugetlb=on</c>, or by a path that the host has to judge.</param>
/// <param name="BackendPaths">Every <c>mem-path</c>, so that the host can see which lie on hugetlbfs.</param>
public sealed record MemoryNeed(long MiB, bool MayUseHugePages, IReadOnlyList<string> BackendPaths);
