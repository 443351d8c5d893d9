namespace Coordinator.Lab.Guests;

/// <summary>
/// The lab guest's QEMU command line, the same for 7.2 and 10.0 and for source and destination, except for what a host differs in: tap and sockets.
/// </summary>
public sealed record GuestMachine
{
    /// <summary>The tracked device's id: virtqueues are at <c>/machine/peripheral/net0/virtio-backend</c>.</summary>
    public const string DeviceId = "net0";

    /// <summary>The oldest version's machine type: both versions have it, so a guest can move between them.</summary>
    public const string MachineType = "pc-q35-7.2";

    const int PaddingKib = 8;
    const int FirstMajorWithCoherentDirtyBitmap = 9;

    readonly bool? padMemory;

    public required QemuBinary Qemu { get; init; }
    public required GuestImage Image { get; init; }
    public required KernelCommandLine Load { get; init; }

    /// <summary>Unix socket that QEMU makes; at most 107 bytes.</summary>
    public required string QmpSocket { get; init; }

    /// <summary>
    /// QEMU appends to it, so every QEMU of one guest may name the same file and its content is then the console of the guest's whole life, without any joining.
    /// </summary>
    public required string ConsoleLog { get; init; }

    public Guid? Uuid { get; init; }

    /// <summary>From 80 without dirtying.</summary>
    public int MemoryMib { get; init; } = 256;

    /// <summary>
    /// Adds <see cref="PaddingKib"/>, so that the memory's length is no multiple of 256 KiB. Before version 9.0 QEMU's fast path for such lengths
    /// (cpu_physical_memory_sync_dirty_bitmap) clears dirty bits without resetting the TLBs of TCG: writes of a running vCPU go unnoticed and the
    /// migrated guest is damaged. 7.2.22 without padding: with 2 vCPUs at the first hop in 3 of 3 runs, with 1 vCPU in 2 of 3 runs within 20 hops.
    /// With it: 50 hops with 2 vCPUs, 80 with 1 and 13 with 4, all intact. Upstream mended it in March 2024 ("physmem: Fix migration
    /// dirty bitmap coherency with TCG memory access"). The slow path stops the guest's network for some 0.7 s when a migration begins (not in the blackout), so newer versions go without.
    /// Both sides need the same size: set it by hand where versions are mixed.
    /// </summary>
    public bool PadMemory
    {
        get => padMemory ?? Qemu.Version.Major < FirstMajorWithCoherentDirtyBitmap;
        init => padMemory = value;
    }

    public int Vcpus { get; init; } = 2;

    /// <summary>At least 2 with a tap: a multi-queue tap refuses a single queue.</summary>
    public int QueuePairs { get; init; } = 2;

    /// <summary>Null = no network card.</summary>
    public string? Tap { get; init; }

    public string Mac { get; init; } = Network.LabNetwork.GuestMac();

    public IReadOnlyList<string> Arguments()
    {
        // TCG always: /dev/kvm may be absent or a software one that crawls or aborts (measured), and query-kvm says "enabled" all the same.
        List<string> arguments =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", MachineType, "-accel", "tcg", "-cpu", "qemu64", "-m", PadMemory ? $"{MemoryMib * 1024 + PaddingKib}K" : $"{MemoryMib}M", "-smp", $"{Vcpus}",
            "-kernel", Image.Kernel, "-initrd", Image.Initrd, "-append", Load.ToString(),
            "-chardev", $"file,id=console0,path={ConsoleLog},append=on", "-serial", "chardev:console0",
            "-qmp", $"unix:{QmpSocket},server=on,wait=off",
        ];
        if (Uuid is { } uuid)
            arguments.AddRange(["-uuid", uuid.ToString()]);
        if (Tap is not null)
            arguments.AddRange(
            [
                "-netdev", $"tap,id=hostnet0,ifname={Tap},script=no,downscript=no,queues={QueuePairs},vhost=off",
                // One interrupt vector per data queue, one for the control queue and one for configuration changes. No option ROM: nothing boots from the network.
                "-device", $"virtio-net-pci,id={DeviceId},netdev=hostnet0,mq=on,vectors={2 * QueuePairs + 2},mac={Mac},romfile=",
            ]);
        return arguments;
    }

    /// <summary>The arguments of a destination: it waits for <c>migrate-incoming</c> and never runs by itself.</summary>
    public IReadOnlyList<string> IncomingArguments() => [.. Arguments(), "-incoming", "defer", "-S"];
}
