using System.Security.Cryptography;
using System.Text;

namespace Coordinator.Cli.Local;

/// <summary>Where things lie under <c>--data</c>.</summary>
internal sealed class DataLayout(string root)
{
    /// <summary>Linux holds 107 bytes of a socket's path; agents refuse a longer directory.</summary>
    const int RunDirectoryBytesAtMost = 66;

    public string Root => root;

    /// <summary>Of the coordinators; holds coordinator.db.</summary>
    public string Journal => Path.Combine(root, "journal");

    public string JournalFile => Path.Combine(Journal, "coordinator.db");

    public string Logs => Path.Combine(root, "logs");

    public string OwnerFile => Path.Combine(root, "up.owner");

    public string HostFile(string host) => Path.Combine(root, "hosts", host, "host.yaml");

    public string StateDirectory(string host) => Path.Combine(root, "hosts", host, "state");

    /// <summary>Under the data directory where its path is short enough, else a directory under /tmp that is always the same for it: guests that run on are found again there.</summary>
    public string RunDirectory(string host)
    {
        var inside = Path.Combine(root, "hosts", host, "run");
        return Encoding.UTF8.GetByteCount(inside) <= RunDirectoryBytesAtMost ? inside : Path.Combine("/tmp", $"coordctl-{ShortHash}", host);
    }

    string ShortHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..12];

    public void Create()
    {
        foreach (var directory in new[] { root, Journal, Logs })
            CreatePrivate(directory);
    }

    public static void CreatePrivate(string directory) =>
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
