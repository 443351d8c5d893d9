using System.Globalization;
using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Processes;

/// <summary>
/// Free memory of this host, now. QEMU takes the guest's memory as it loads and not at launch, so what is promised to destinations that are still
/// loading must be counted by the caller.
/// </summary>
public sealed class HostMemory(string root)
{
    public HostMemory()
        : this("/")
    {
    }

    /// <summary>MemAvailable: free memory and what the kernel can take back without swapping. Huge pages are not in it.</summary>
    public long AvailableMiB => KiBOf("MemAvailable") / 1024;

    /// <summary>Free huge pages of all sizes.</summary>
    public long HugePagesAvailableMiB
    {
        get
        {
            var sizes = new DirectoryInfo(Path.Combine(root, "sys/kernel/mm/hugepages"));
            return !sizes.Exists ? 0 : sizes.GetDirectories("hugepages-*kB").Sum(size =>
                Number(size.Name["hugepages-".Length..^"kB".Length]) * Number(File.ReadAllText(Path.Combine(size.FullName, "free_hugepages")))) / 1024;
        }
    }

    /// <summary>Null when the guest fits, else the sentence for the refusal.</summary>
    /// <param name="vmName">For the sentence.</param>
    /// <param name="need">From the command line.</param>
    /// <param name="reserveMiB">Kept free; not for huge pages, which serve nothing but guests.</param>
    /// <param name="promisedMiB">To destinations on this host that have not loaded yet.</param>
    public string? Refusal(string vmName, MemoryNeed need, long reserveMiB, long promisedMiB = 0)
    {
        var huge = need.MayUseHugePages || need.BackendPaths.Any(IsHugePages);
        var (available, kept) = huge ? (HugePagesAvailableMiB, 0) : (AvailableMiB, reserveMiB);
        if (need.MiB + kept + promisedMiB <= available)
        {
            return null;
        }

        var kind = huge ? "MiB of huge pages" : "MiB of memory";
        var others = (kept, promisedMiB) switch
        {
            (0, 0) => "",
            (_, 0) => $" besides {kept} MiB that are kept free (memoryReserveMiB)",
            (0, _) => $" besides {promisedMiB} MiB for guests that are arriving",
            _ => $" besides {kept} MiB that are kept free (memoryReserveMiB) and {promisedMiB} MiB for guests that are arriving",
        };
        return $"VM {vmName} needs {need.MiB} {kind} here{others}, and {available} MiB are available; free some, or choose another host.";
    }

    private bool IsHugePages(string path)
    {
        var mounts = File.ReadLines(Path.Combine(root, "proc/mounts")).Select(line => line.Split(' '))
            .Where(fields => fields is { Length: > 2 } && fields[2] == "hugetlbfs");
        return mounts.Any(mount => path == mount[1] || path.StartsWith(mount[1] + "/", StringComparison.Ordinal));
    }

    private long KiBOf(string name)
    {
        var line = File.ReadLines(Path.Combine(root, "proc/meminfo")).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            ?? throw new IOException($"/proc/meminfo has no {name}; the agent needs Linux 3.14 or newer.");
        return Number(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim());
    }

    private static long Number(string text) => long.Parse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
}
