using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

public sealed class HostMemoryTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public HostMemoryTests()
    {
        Directory.CreateDirectory(_root["proc"]);
        File.WriteAllText(_root["proc/meminfo"], "MemTotal:        8388608 kB\nMemFree:          131072 kB\nMemAvailable:    4194304 kB\n");
        File.WriteAllText(_root["proc/mounts"], "proc /proc proc rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw 0 0\n");
        foreach (var (size, free) in new[] { ("2048", "512"), ("1048576", "3") })
        {
            Directory.CreateDirectory(_root[$"sys/kernel/mm/hugepages/hugepages-{size}kB"]);
            File.WriteAllText(_root[$"sys/kernel/mm/hugepages/hugepages-{size}kB/free_hugepages"], free + "\n");
        }
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Refusal_GuestThatFits_IsNull()
    {
        var memory = new HostMemory(_root.Path);

        Assert.Equal((4096, 1024 + 3072), (memory.AvailableMiB, memory.HugePagesAvailableMiB));
        Assert.Null(memory.Refusal("web-1", new MemoryNeed(3584, false, []), reserveMiB: 512));
        Assert.Null(memory.Refusal("web-1", new MemoryNeed(4096, true, []), reserveMiB: 512));
    }

    [Fact]
    public void Refusal_GuestThatDoesNotFit_GivesAllFigures()
    {
        var memory = new HostMemory(_root.Path);

        Assert.Equal("VM web-1 needs 3585 MiB of memory here besides 512 MiB that are kept free (memoryReserveMiB), and 4096 MiB are available; free some, or "
            + "choose another host.",
            memory.Refusal("web-1", new MemoryNeed(3585, false, []), reserveMiB: 512));
        Assert.Equal("VM web-1 needs 1024 MiB of memory here besides 512 MiB that are kept free (memoryReserveMiB) and 3000 MiB for guests that are arriving, "
            + "and 4096 MiB are available; free some, or choose another host.",
            memory.Refusal("web-1", new MemoryNeed(1024, false, []), reserveMiB: 512, promisedMiB: 3000));
        Assert.Equal("VM web-1 needs 4097 MiB of huge pages here, and 4096 MiB are available; free some, or choose another host.",
            memory.Refusal("web-1", new MemoryNeed(4097, false, ["/dev/hugepages/web-1"]), reserveMiB: 512));
    }

    [Fact]
    public void AvailableMiB_OfThisMachine_IsPlausible()
    {
        Assert.InRange(new HostMemory().AvailableMiB, 100, 64L * 1024 * 1024);
        Assert.InRange(new HostMemory().HugePagesAvailableMiB, 0, 64L * 1024 * 1024);
    }
}
