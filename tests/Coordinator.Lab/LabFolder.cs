namespace Coordinator.Lab;

/// <summary>Where the repository and the cache of downloads are, seen from a built program.</summary>
public static class LabFolder
{
    /// <exception cref="LabFailure">The program was copied away from its repository.</exception>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Same rule as tests/install/apt.sh.</summary>
    public static string Cache =>
        Environment.GetEnvironmentVariable("COORDINATOR_CACHE") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/root", ".cache", "coordinator");

    public static string Installer(string name) => Path.Combine(RepositoryRoot, "tests", "install", name);

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Coordinator.sln")))
                return folder.FullName;
        throw new LabFailure($"no Coordinator.sln above {AppContext.BaseDirectory}: the lab runs from a checkout, because its installers and the guest's sources are there");
    }
}
