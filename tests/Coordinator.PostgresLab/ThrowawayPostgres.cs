using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Coordinator.PostgresLab;

/// <summary>
/// A PostgreSQL server of its own in a temporary directory, on loopback, with the Debian binaries; the system's own service is neither used nor touched. It ends, and its directory is removed, with the
/// disposal or with this process, however that ends: a shell that waits for the end of its input guards it.
/// </summary>
public sealed class ThrowawayPostgres : IDisposable
{
    private const string User = "postgres";

    // PostgreSQL refuses to run as root. $1 is the folder of the binaries, $2 the port.
    private const string Guard = """
        set -e
        dir=$(mktemp -d /tmp/coordinator-postgres-XXXXXX)
        server=
        trap 'if [ -n "$server" ]; then kill -QUIT "$server" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT
        trap 'exit 1' HUP INT TERM
        cd "$dir"
        "$1/initdb" -D "$dir/data" -A trust -U postgres --no-locale -E UTF8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
        "$1/postgres" -D "$dir/data" -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" -c max_connections=300 >>"$dir/log" 2>&1 &
        server=$!
        echo "$server"
        cat >/dev/null || true
        kill -INT "$server" 2>/dev/null || true
        wait "$server" || tail -5 "$dir/log" >&2
        server=
        """;

    /// <summary>Of a broken start. It takes 2 s on an idle machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process guard;
    private int databases;

    public ThrowawayPostgres()
    {
        for (var tries = 1; ; tries++)
        {
            Port = FreePort.Next();
            guard = Start();
            try
            {
                WaitUntilItAnswers();
                return;
            }
            catch (InvalidOperationException) when (tries < 3)
            {
                // Somebody else took the port first.
                guard.Dispose();
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }

    public int Port { get; }

    /// <summary>Of the server process itself, for signals.</summary>
    public int ServerProcessId { get; private set; }

    /// <summary>A new, empty database.</summary>
    /// <returns>Its connection string, without a pool of connections that would outlive the test.</returns>
    public string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"coordinator_{Interlocked.Increment(ref databases)}");
        using var connection = new NpgsqlConnection(ConnectionString(User));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        command.ExecuteNonQuery();
        return ConnectionString(name, pooling: true);
    }

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        guard.StandardInput.Close();
        if (!guard.WaitForExit(Limit))
        {
            guard.Kill(entireProcessTree: true);
        }

        guard.Dispose();
    }

    private string ConnectionString(string database, bool pooling = false) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = User,
        Database = database,
        Pooling = pooling,
    }.ConnectionString;


    private Process Start()
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // A session of its own: Ctrl-C, or a time-out that ends the whole group, must leave the guard its time to clean up.
        string[] command = ["setsid", "sh", "-c", Guard, "sh", PostgresBinaries.Folder, Port.ToString(CultureInfo.InvariantCulture)];
        string[] line = Environment.IsPrivilegedProcess ? ["runuser", "-u", PostgresBinaries.Account, "--", .. command] : command;
        start.FileName = line[0];
        foreach (var argument in line.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string variable, string value) in PostgresBinaries.Environment)
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }

    private void WaitUntilItAnswers()
    {
        if (!int.TryParse(guard.StandardOutput.ReadLine(), CultureInfo.InvariantCulture, out var server))
        {
            throw new IOException($"PostgreSQL did not start: {guard.StandardError.ReadToEnd()}");
        }

        ServerProcessId = server;
        try
        {
            // Nothing tells when a server begins to listen. Fixtures are made by constructors, which cannot await.
            Eventually.Succeeds(ConnectAsync, silent => silent is NpgsqlException && IsAlive(server), Limit).GetAwaiter().GetResult();
        }
        catch (NpgsqlException silent) when (!IsAlive(server))
        {
            guard.StandardInput.Close();
            throw new InvalidOperationException($"PostgreSQL ended at once: {guard.StandardError.ReadToEnd()}", silent);
        }
    }

    private async Task<bool> ConnectAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString(User));
        await connection.OpenAsync();
        return true;
    }

    private static bool IsAlive(int server) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{server}"));
}
