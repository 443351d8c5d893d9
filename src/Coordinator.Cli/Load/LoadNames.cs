using System.Globalization;
using System.Text;

namespace Coordinator.Cli.Load;

/// <summary>The hosts and VMs of one run: nothing that does not bear its prefix is ever asked for.</summary>
internal sealed class LoadNames(string run, LoadOptions options)
{
    public string Prefix { get; } = $"load-{run}-";

    public IReadOnlyList<string> Hosts { get; } = [.. Enumerable.Range(1, options.Hosts).Select(number => string.Create(CultureInfo.InvariantCulture, $"load-{run}-h{number:0000}"))];

    public IReadOnlyList<string> Vms { get; } = [.. Enumerable.Range(1, options.Vms).Select(number => string.Create(CultureInfo.InvariantCulture, $"load-{run}-v{number:000000}"))];

    /// <summary>The VM definition of one of them: a disk with the wanted queues, and copies whose time is drawn from the range by the guest itself.</summary>
    public string Definition(string vm)
    {
        var (shortest, longest) = options.CopySeconds;
        return string.Create(CultureInfo.InvariantCulture, $"""
            name: {vm}
            uuid: {Uuid(vm)}
            memoryMiB: 1
            args: [-machine, q35, -nodefaults, -display, none, -device, "virtio-blk-pci,id=disk0,num-queues={options.Queues}",
                   -simulated, "copyBytes=268435456,tailBytes=4096,copySeconds={shortest:0.###}-{longest:0.###},seed={options.Seed}"]
            """);
    }

    /// <summary>The same for the same seed, so that the same copies take the same time again; the run's own name is not in it.</summary>
    Guid Uuid(string vm)
    {
        var text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{options.Seed}/{vm[Prefix.Length..]}"));
        return new Guid(System.Security.Cryptography.SHA256.HashData(text).AsSpan(0, 16));
    }
}
