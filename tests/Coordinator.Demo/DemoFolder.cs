using Coordinator.Lab;
using Coordinator.Lab.Processes;

namespace Coordinator.Demo;

/// <summary>
/// Where the demo works: a temporary folder named after its process, so that what a killed demo left behind is found by the next one. Its journal and logs are kept under
/// artifacts/demo when it ends.
/// </summary>
internal sealed class DemoFolder : IDisposable
{
    const string Prefix = "coordinator-demo-";

    DemoFolder(string path) => Path = path;

    /// <summary>Short, because sockets lie in it and Linux holds 107 bytes of a socket's path.</summary>
    public string Path { get; }

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Of the authority that <c>coordctl up --certs</c> makes. It ends with the demo.</summary>
    public string Certificates => System.IO.Path.Combine(Path, "certificates");

    public string ConsoleLog => System.IO.Path.Combine(Path, "console.log");

    public string Definition => System.IO.Path.Combine(Path, "demo.yaml");

    public static string Kept => System.IO.Path.Combine(LabFolder.RepositoryRoot, "artifacts", "demo");

    public string HostDirectory(string host) => System.IO.Path.Combine(Path, host);

    public static DemoFolder Create()
    {
        var parent = System.IO.Path.GetTempPath();
        foreach (var abandoned in Directory.EnumerateDirectories(parent, Prefix + "*").Where(IsAbandoned))
            Directory.Delete(abandoned, recursive: true);
        var (pid, startTicks) = ProcessIdentity.Current;
        return new(Directory.CreateDirectory(System.IO.Path.Combine(parent, $"{Prefix}{pid}-{startTicks}")).FullName);
    }

    /// <summary>The journal, so that it can be read again, the definition, the logs and the guest's console.</summary>
    public void Keep()
    {
        if (Directory.Exists(Kept))
            Directory.Delete(Kept, recursive: true);
        foreach (var name in new[] { "journal", "logs" })
            Copy(System.IO.Path.Combine(Data, name), System.IO.Path.Combine(Kept, name));
        foreach (var file in Directory.EnumerateFiles(Path))
            File.Copy(file, System.IO.Path.Combine(Directory.CreateDirectory(Kept).FullName, System.IO.Path.GetFileName(file)));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    static bool IsAbandoned(string folder)
    {
        var parts = System.IO.Path.GetFileName(folder)[Prefix.Length..].Split('-');
        return parts.Length == 2 && int.TryParse(parts[0], out var pid) && long.TryParse(parts[1], out var ticks) && !new ProcessIdentity(pid, ticks).IsAlive;
    }

    static void Copy(string from, string to)
    {
        if (!Directory.Exists(from))
            return;
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)));
    }
}
