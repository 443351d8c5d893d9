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
            "-machine", MachineType, "-accel", "tcg", "-cpu", "qemu64", "-m", $"{MemoryMib}", "-smp", $"{Vcpus}",
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
