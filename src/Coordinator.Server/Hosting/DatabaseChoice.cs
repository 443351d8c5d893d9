using Coordinator.Actors.Platform;

namespace Coordinator.Server.Hosting;

/// <summary>Where the journal is: in a directory of this machine (SQLite) or in a PostgreSQL database. The profile, and with it the HOCON files, follow from this.</summary>
/// <param name="Directory">Null for PostgreSQL.</param>
/// <param name="Connection">Null for SQLite. May hold a password: never shown.</param>
/// <param name="PasswordFile">Read at the start; null when there is none.</param>
internal sealed record DatabaseChoice(string? Directory, string? Connection, string? PasswordFile)
{
    private const string Either = "one of --data DIR (or COORDINATOR_DATA: the directory of the journal, the same for all coordinators of this machine) "
        + "and --database CONNECTION (or COORDINATOR_DATABASE: PostgreSQL, the same for all coordinators of the cluster)";

    /// <summary>Options win over the environment as a pair: a directory on the command line is not contradicted by a database in the environment.</summary>
    /// <exception cref="OptionException">None or both are named, or the file is not there.</exception>
    internal static DatabaseChoice Of(string? data, string? database, string? passwordFile, Func<string, string?> environment)
    {
        string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

        (string? directory, string? connection) = (Text(data), Text(database));
        if (directory is null && connection is null)
        {
            (directory, connection) = (Text(environment("COORDINATOR_DATA")), Text(environment("COORDINATOR_DATABASE")));
        }

        string? file = Text(passwordFile) ?? (connection is null ? null : Text(environment("COORDINATOR_DATABASE_PASSWORD_FILE")));
        return (directory, connection, file) switch
        {
            (null, null, _) => throw new OptionException($"{Either} is needed"),
            (not null, not null, _) => throw new OptionException($"{Either} is needed, not both"),
            (not null, null, not null) => throw new OptionException("--database-password-file belongs to --database; a journal in a directory has no password"),
            (_, _, not null) when !File.Exists(file) => throw new OptionException($"--database-password-file: there is no file '{file}'"),
            (not null, _, _) => new DatabaseChoice(Path.GetFullPath(directory), Connection: null, PasswordFile: null),
            _ => new DatabaseChoice(Directory: null, connection, file),
        };
    }

    /// <exception cref="StoreException">The connection cannot be read; the text repeats nothing of it.</exception>
    internal SqlStore Open() => Connection is { } connection
        ? PostgresStore.Of(connection, PasswordFile is { } file ? File.ReadAllText(file).TrimEnd('\r', '\n') : null)
        : new SqliteStore(Path.Combine(Directory!, JournalFile.FileName));

    /// <summary>A record's own text would show the password.</summary>
    public override string ToString() => Directory ?? "a PostgreSQL database";
}
