using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Guests;

/// <summary>Kernel and initramfs of the lab's guest (tests/guest).</summary>
public sealed record GuestImage(string Kernel, string Initrd)
{
    /// <summary>Builds it when it is missing or older than its sources: some 6 s the first time, 10 ms afterwards.</summary>
    /// <exception cref="LabFailure">The build failed; carries its output.</exception>
    public static async Task<GuestImage> Build(CancellationToken cancellation = default)
    {
        var folder = (await ExternalCommand.Run(LabFolder.Installer("guest.sh"), [], cancellation)).Trim();
        var image = new GuestImage(Path.Combine(folder, "vmlinuz"), Path.Combine(folder, "initrd"));
        return File.Exists(image.Kernel) && File.Exists(image.Initrd) ? image : throw new LabFailure($"guest.sh named {folder}, where there is no image");
    }
}
