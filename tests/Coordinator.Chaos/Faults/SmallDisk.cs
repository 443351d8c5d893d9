using Coordinator.Lab.Processes;

namespace Coordinator.Chaos.Faults;

/// <summary>A disk of some MiB under a directory, in memory, which can be filled to the last byte.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    private string Ballast => Path.Combine(_directory, "ballast");

    public static async Task<SmallDisk> MountAsync(string directory)
    {
        Directory.CreateDirectory(directory);
        await ExternalCommand.Run("mount", ["-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", directory]);
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
