namespace Coordinator.Agent.State;

/// <summary>
/// One agent per state directory: two would each decide for themselves. An advisory file lock of the kernel, gone with the process however it ends,
/// and close-on-exec, so no QEMU inherits it.
/// </summary>
internal sealed class DirectoryOwnership : IDisposable
{
    // EWOULDBLOCK of flock(2); other errors (no space, no permission) are no other agent.
    private const int TryAgain = 11;

    private readonly FileStream _file;

    private DirectoryOwnership(FileStream file) => _file = file;

    public static DirectoryOwnership Take(string directory)
    {
        var path = Path.Combine(directory, "owner");
        try
        {
            return new DirectoryOwnership(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (e.HResult == TryAgain)
        {
            throw new AgentStoreException(StoreFault.InUse,
                $"the state directory {directory} is in use by {OwnerOf(path)}; two agents must not share one. Stop the other agent, or give this one another "
                    + "stateDirectory.", e);
        }
    }

    public void Dispose() => _file.Dispose();

    // The kernel's list of file locks: "1: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF". The file itself cannot be read to find out, since .NET
    // takes a shared lock for that.
    private static string OwnerOf(string path)
    {
        try
        {
            var inode = $":{LinuxFileCalls.IdentityOf(path).Inode}";
            var owner = File.ReadLines("/proc/locks").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .FirstOrDefault(fields => fields is [_, "FLOCK", _, _, _, var file, ..] && file.EndsWith(inode, StringComparison.Ordinal));
            return owner is null ? "another process" : $"process {owner[4]}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
