using System.Globalization;
using System.Runtime.InteropServices;

namespace Coordinator.PostgresLab;

/// <summary>The server's programs: those of an installed Debian package, else those that tests/install/postgres.sh has unpacked.</summary>
public static class PostgresBinaries
{
    private static readonly string s_unpacked = System.Environment.GetEnvironmentVariable("COORDINATOR_POSTGRES")
        ?? string.Create(CultureInfo.InvariantCulture, $"/var/tmp/coordinator-postgres-{GetUserId()}");

    public static string Folder { get; } = Newest("/usr/lib/postgresql") ?? Newest(Path.Combine(s_unpacked, "usr", "lib", "postgresql"))
        ?? throw new FileNotFoundException("There is no PostgreSQL here: run tests/install/postgres.sh, or install Debian's package postgresql.");

    /// <summary>Anybody but root.</summary>
    public static string Account { get; } = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    /// <summary>The account's own.</summary>
    public static string Group => Account == "postgres" ? "postgres" : "nogroup";

    /// <summary>Unpacked programs find their libraries beside them.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>(
        Folder.StartsWith(s_unpacked, StringComparison.Ordinal) ? [new("LD_LIBRARY_PATH", Path.Combine(s_unpacked, "usr", "lib", "x86_64-linux-gnu"))] : [], StringComparer.Ordinal);

    [DllImport("libc", EntryPoint = "getuid")]
    private static extern uint GetUserId();

    private static string? Newest(string versions) => Directory.Exists(versions)
        ? Directory.GetDirectories(versions)
            .Where(folder => File.Exists(Path.Combine(folder, "bin", "initdb")))
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"))
            .FirstOrDefault()
        : null;
}
