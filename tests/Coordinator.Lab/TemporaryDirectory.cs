namespace Coordinator.Lab;

/// <summary>A folder of its own under the system's one for such, deleted with everything in it. Its path is short, because Linux allows 107 bytes for a socket's.</summary>
public sealed class TemporaryDirectory(string prefix = "lab-") : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory(prefix).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
