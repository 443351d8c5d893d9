using Coordinator.Lab.Processes;

namespace Coordinator.Lab;

/// <summary>A disk of some MiB under a directory, in memory, which can be filled to the last byte.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    private string Ballast => Path.Combine(_directory, "ballast");

    /// <param name="directory">Made if it is missing.</param>
    /// <param name="mebibytes">Its size.</param>
    /// <exception cref="LabFailure">It cannot be mounted, which needs root (or CAP_SYS_ADMIN).</exception>
    public static async Task<SmallDisk> MountAsync(string directory, int mebibytes = 32)
    {
        Directory.CreateDirectory(directory);
        await ExternalCommand.Run("mount", ["-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0700", "tmpfs", directory]);
        return new SmallDisk(directory);
    }

    public void Fill()
    {
        byte[] block = new byte[4096];
        try
        {
            using FileStream ballast = new(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                ballast.Write(block);
            }
        }
        catch (IOException)
        {
            // That was the last block.
        }
    }

    public void Empty() => File.Delete(Ballast);

    /// <summary>Detached at once; whoever still has files open there keeps them.</summary>
    public async ValueTask DisposeAsync() => await ExternalCommand.Try("umount", ["-l", _directory]);
}
