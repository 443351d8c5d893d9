using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Processes;

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
    /// <param name="deployment">Where.</param>
    /// <param name="memoryMib">Makes the time of a copy by <see cref="Policy"/>.</param>
    /// <param name="name">Of the VM.</param>
    /// <param name="endsWhenTold">By <see cref="TellToShutDown"/>.</param>
    public static async Task<(VirtualMachine Started, TickConsole Console)> StartAsync(Deployment deployment, int memoryMib = 2048, string name = Name, bool endsWhenTold = false)
    {
        if (endsWhenTold)
        {
            await ExternalCommand.Run("mkfifo", [WordPath(deployment, name, Deployment.Alpha), WordPath(deployment, name, Deployment.Beta)]);
        }

        VirtualMachine started = await deployment.Api.StartVmAsync(Deployment.Alpha, Definition(deployment, memoryMib, name, endsWhenTold));
        TickConsole console = new(deployment, name);
        await console.MoreTicksAsync(3);
        return (started, console);
    }

    /// <summary>With <paramref name="endsWhenTold"/>, a pipe of its own must be there for each host.</summary>
    public static string Definition(Deployment deployment, int memoryMib = 2048, string name = Name, bool endsWhenTold = false)
    {
        string[] word = endsWhenTold ? ["-chardev", $"pipe,id=word0,path={WordPath(deployment, name, "${host}")}", "-serial", "chardev:word0"] : [];
        return Definition(name, deployment.Folder, TickConsole.PathOf(deployment, name, "${host}"), memoryMib, word);
    }

    /// <param name="name">Of the VM.</param>
    /// <param name="folder">Where its boot sector is kept.</param>
    /// <param name="console">Path of what it writes to; may name a variable of hosts.</param>
    /// <param name="memoryMib">Makes the time of a copy.</param>
    /// <param name="listensTo">More arguments, which give it a second serial port; without any it hears nothing.</param>
    public static string Definition(string name, string folder, string console, int memoryMib, params IReadOnlyList<string> listensTo)
    {
        string image = Path.Combine(folder, $"ticking-{name}.img");
        TickingSector.Write(image, listens: listensTo.Count > 0);
        return Definitions.Of(
            name,
            [
                .. Definitions.EmptyArguments(memoryMib),
                "-drive", $"if=none,id=boot,format=raw,readonly=on,file={image}", "-device", "virtio-blk-pci,id=blk0,drive=boot,addr=0xa,bootindex=0",
                "-chardev", $"file,id=console0,path={console},append=on", "-serial", "chardev:console0",
                .. listensTo,
            ]);
    }

    /// <summary>The guest powers its machine off at its next tick, if it runs on this host.</summary>
    public static void TellToShutDown(Deployment deployment, string host, string name = Name)
    {
        // Its QEMU has the pipe open for both, so neither the opening nor the writing waits.
        using FileStream word = new(WordPath(deployment, name, host), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        word.WriteByte((byte)'!');
    }

    private static string WordPath(Deployment deployment, string name, string host) => Path.Combine(deployment.Folder, $"word-{name}-{host}");
}
