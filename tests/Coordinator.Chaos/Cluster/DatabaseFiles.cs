using System.Globalization;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;
using Coordinator.PostgresLab;

namespace Coordinator.Chaos.Cluster;

/// <summary>A PostgreSQL server on a machine of the fabric, trusting whoever is on it; its files on a disk that can be full.</summary>
internal static class DatabaseFiles
{
    public const int Port = 5432;
    public const string Database = "coordinator";

    /// <summary>What a full disk leaves to a server with nothing in it: two segments of its log and the empty databases.</summary>
    private const int DiskMib = 256;

    private const string User = "postgres";

    /// <summary>Not PostgreSQL's 5 minutes between two checkpoints: what is on the small disk for longer than needed is missing there.</summary>
    private static readonly string[] s_settings = ["-c", "min_wal_size=32MB", "-c", "max_wal_size=64MB", "-c", "max_connections=150", "-c", "shared_buffers=32MB"];

    /// <summary>Makes the files of a server that has never run.</summary>
    public static async Task<SmallDisk> CreateAsync(string folder)
    {
        SmallDisk disk = await SmallDisk.MountAsync(folder, DiskMib);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string data = Data(folder);
        await ExternalCommand.Run("install", ["-d", "-m", "700", "-o", PostgresBinaries.Account, data]);
        string[] initdb = [.. As(), Program("initdb"), "-D", data, "-A", "trust", "-U", User, "--no-locale", "-E", "UTF8", "--no-sync", "--wal-segsize=16"];
        await ExternalCommand.Run("env", [.. Variables(PostgresBinaries.Environment), .. initdb]);
        await File.AppendAllTextAsync(Path.Combine(data, "pg_hba.conf"), "host all all 10.78.0.0/24 trust\n");
        return disk;
    }

    public static Part Server(LabMachine machine, string folder, LocalClock clock) => new(
        machine.Space, machine.Name, Program("postgres"),
        ["-D", Data(folder), "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", $"listen_addresses={machine.Address}", "-c", "unix_socket_directories=", .. s_settings],
        startedBy: [.. As(), "env", .. Variables(PostgresBinaries.Environment.Concat(clock.Environment))]);

    public static async Task CreateDatabaseAsync(LabMachine machine) =>
        await ExternalCommand.Run("ip", ["netns", "exec", machine.Space.Name, "env", .. Variables(PostgresBinaries.Environment), Program("createdb"), "-h", machine.Address, "-U", User, Database]);

    public static string Connection(LabMachine machine) => string.Create(CultureInfo.InvariantCulture, $"Host={machine.Address};Port={Port};Username={User};Database={Database}");

    /// <summary>Given to the server alone: what libfaketime shares between processes it would make as root, in a program that only becomes the server.</summary>
    private static IEnumerable<string> Variables(IEnumerable<KeyValuePair<string, string>> environment) => environment.Select(variable => $"{variable.Key}={variable.Value}");

    /// <summary>It refuses to run as root, and a command between would take its signals.</summary>
    private static string[] As() => ["setpriv", "--reuid", PostgresBinaries.Account, "--regid", PostgresBinaries.Group, "--clear-groups"];

    private static string Program(string name) => Path.Combine(PostgresBinaries.Folder, name);

    private static string Data(string folder) => Path.Combine(folder, "data");
}
