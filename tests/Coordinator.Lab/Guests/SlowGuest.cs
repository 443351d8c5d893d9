using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;

namespace Coordinator.Lab.Guests;

/// <summary>
/// A guest whose copying takes some seconds at a small bandwidth and that shows from outside whether and where it runs. Untouched memory is sent as zero pages of 9 bytes each, so
/// its size makes the time: 2 GiB are 524,288 pages and some 5 MB. The memory is never touched on the host either. It boots within a second from a sector that
/// <see cref="TickingSector"/> describes; its console is a file of the host it runs on.
/// </summary>
public static class SlowGuest
{
    public const string Name = "slow";
    public const int SwitchoverDeadlineMs = 30_000;

    /// <summary>Little more than 1 MiB/s, the least that a policy may give: some 4 to 5 s of copying.</summary>
    public static MigrationPolicy Policy(int verifyMs = 200, int switchoverDeadlineMs = SwitchoverDeadlineMs) =>
        new() { BandwidthBytesPerSec = 1 << 20, VerifyMs = verifyMs, SwitchoverDeadlineMs = switchoverDeadlineMs };

    /// <summary>Copied in a moment.</summary>
    public static MigrationPolicy QuickPolicy(int verifyMs = 200, int switchoverDeadlineMs = SwitchoverDeadlineMs) => new() { VerifyMs = verifyMs, SwitchoverDeadlineMs = switchoverDeadlineMs };

    /// <summary>Starts it on alpha and waits for its first ticks.</summary>
    public static async Task<(VirtualMachine Started, TickConsole Console)> StartAsync(Deployment deployment, ushort lastTick = 0, int memoryMib = 2048, string name = Name)
    {
        VirtualMachine started = await deployment.Api.StartVmAsync(Deployment.Alpha, Definition(deployment, lastTick, memoryMib, name));
        TickConsole console = new(deployment, name);
        await console.MoreTicksAsync(3);
        return (started, console);
    }

    public static string Definition(Deployment deployment, ushort lastTick = 0, int memoryMib = 2048, string name = Name)
    {
        string image = Path.Combine(deployment.Folder, $"ticking-{name}.img");
        TickingSector.Write(image, lastTick);
        return Definitions.Of(
            name,
            [
                .. Definitions.EmptyArguments(memoryMib),
                "-drive", $"if=none,id=boot,format=raw,readonly=on,file={image}", "-device", "virtio-blk-pci,id=blk0,drive=boot,addr=0xa,bootindex=0",
                "-chardev", $"file,id=console0,path={TickConsole.PathOf(deployment, name, "${host}")},append=on", "-serial", "chardev:console0",
            ]);
    }
}
