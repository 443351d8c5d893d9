using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.State;

/// <summary>What .NET does not offer: fdatasync, syncing a directory, inode and birth time of a file.</summary>
internal static partial class LinuxFileCalls
{
    private const int OpenReadOnlyCloseOnExec = 0x80000;
    private const int AtEmptyPath = 0x1000;
    private const int AtCurrentDirectory = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxOwner = 0x8;
    private const uint StatxInode = 0x100;
    private const uint StatxBirthTime = 0x800;

    /// <summary>Data, and of the metadata only what reading the data back needs: an overwrite in place writes no journal.</summary>
    /// <exception cref="IOException">The kernel's reason. What the file holds on disk is unknown then.</exception>
    public static void SyncData(SafeFileHandle file)
    {
        int result;
        do
        {
            result = FDataSync(file);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == 4 /* EINTR */);

        if (result != 0)
        {
            throw new IOException($"fdatasync failed: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    /// <summary>A new, renamed or removed name is durable only when its directory is synced.</summary>
    public static void SyncDirectory(string path)
    {
        using var directory = Open(path, OpenReadOnlyCloseOnExec, 0);
        if (directory.IsInvalid || FSync(directory) != 0)
        {
            throw new IOException($"the directory {path} cannot be synced: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    /// <summary>Mode 0700, every directory that was missing synced into its parent.</summary>
    public static void CreateDirectory(string path)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null && !Directory.Exists(parent))
        {
            CreateDirectory(parent);
        }

        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            SyncDirectory(parent!);
        }
    }

    /// <summary>Identity of a file itself, not of its name or contents: a copy has another one. Filesystems without birth time give 0 there.</summary>
    public static FileIdentity IdentityOf(SafeFileHandle file)
    {
        var result = new byte[256];
        return Identity(Statx(file, "", AtEmptyPath, StatxInode | StatxBirthTime, result), result);
    }

    /// <summary>
    /// Without opening the file: closing any descriptor of a database drops the locks that SQLite holds on it (POSIX fcntl), and a second process
    /// could delete its log.
    /// </summary>
    public static FileIdentity IdentityOf(string path)
    {
        var result = new byte[256];
        return Identity(Statx(AtCurrentDirectory, path, 0, StatxInode | StatxBirthTime, result), result);
    }

    /// <summary>User id; a symbolic link counts as itself.</summary>
    public static uint OwnerOf(string path)
    {
        var result = new byte[256];
        if (Statx(AtCurrentDirectory, path, AtSymlinkNoFollow, StatxOwner, result) != 0)
        {
            throw new IOException($"{path} cannot be looked at: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }

        return BitConverter.ToUInt32(result, 20);
    }

    // struct statx: stx_mask at 0, stx_ino at 32, stx_btime {s64 sec, u32 nsec} at 80; the same on all architectures.
    private static FileIdentity Identity(int outcome, byte[] result)
    {
        if (outcome != 0)
        {
            throw new IOException($"statx failed: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }

        var birth = (BitConverter.ToUInt32(result, 0) & StatxBirthTime) == 0 ? 0
            : (BitConverter.ToInt64(result, 80) * 1_000_000_000) + BitConverter.ToUInt32(result, 88);
        return new FileIdentity(BitConverter.ToUInt64(result, 32), birth);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, Span<byte> result);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> result);
}
