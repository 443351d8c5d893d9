namespace Coordinator.Agent.Processes;

/// <summary>stdout and stderr of QEMU: a file, since a pipe would end QEMU's output (and with SIGPIPE perhaps QEMU) together with the agent.</summary>
internal static class QemuLog
{
    private const int TailBytes = 4096;
    private const int TailLines = 8;

    // One log per launch: the last few say why a guest failed, more only fill the disk.
    private const int KeptPerVm = 10;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static FileStream Create(string path)
    {
        Prune(Path.GetDirectoryName(path)!);
        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = OwnerOnly,
        });
    }

    /// <summary>Last lines, joined by " | " when they stand in a sentence.</summary>
    public static string Tail(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(-Math.Min(TailBytes, file.Length), SeekOrigin.End);
            using var text = new StreamReader(file);
            var lines = text.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return string.Join('\n', lines.TakeLast(TailLines));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"(its output in {path} cannot be read: {e.Message})";
        }
    }

    private static void Prune(string directory)
    {
        foreach (var old in new DirectoryInfo(directory).GetFiles("qemu-*.log").OrderByDescending(file => file.LastWriteTimeUtc).Skip(KeptPerVm - 1))
        {
            old.Delete();
        }
    }
}
