using System.Data.Common;
using System.Globalization;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Fencing;

/// <summary>
/// The rows behind <see cref="SqlLease"/>: each change is one statement that compares and sets, and only the database's clock says what has expired.
/// The statements are the common part of SQLite and PostgreSQL.
/// </summary>
sealed class LeaseTable(SqlStore store, string name, TimeSpan timeToLive, TimeSpan operationTimeout)
{
    private readonly long timeToLiveMs = (long)timeToLive.TotalMilliseconds;

    /// <returns>Version of this holding; null while another owner's has not expired.</returns>
    public async Task<long?> TakeAsync(string owner, CancellationToken cancellation)
    {
        await using var connection = store.OpenForMembership();
        await using var command = Command(connection, $"""
            INSERT INTO lease (name, owner, version, expires_at_ms) VALUES (@name, @owner, 1, {store.NowMsSql} + @ttl)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, version = lease.version + 1, expires_at_ms = excluded.expires_at_ms
            WHERE lease.owner = excluded.owner OR lease.expires_at_ms <= {store.NowMsSql}
            RETURNING version
            """);
        Bind(command, "@owner", owner);
        Bind(command, "@ttl", timeToLiveMs);
        return await command.ExecuteScalarAsync(cancellation) is { } version ? Convert.ToInt64(version, CultureInfo.InvariantCulture) : null;
    }

    /// <returns>False if the holding has expired or is another's; an expired one is not revived, it may have been another's in between.</returns>
    public async Task<bool> RenewAsync(string owner, long version, CancellationToken cancellation)
    {
        await using var connection = store.OpenForMembership();
        await using var command = Command(connection, $"""
            UPDATE lease SET expires_at_ms = {store.NowMsSql} + @ttl
            WHERE name = @name AND owner = @owner AND version = @version AND expires_at_ms > {store.NowMsSql}
            """);
        Bind(command, "@owner", owner);
        Bind(command, "@version", version);
        Bind(command, "@ttl", timeToLiveMs);
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    /// <summary>Frees the holding at once; nothing happens if it is no longer this one.</summary>
    public async Task FreeAsync(string owner, long version, CancellationToken cancellation)
    {
        await using var connection = store.OpenForMembership();
        await using var command = Command(connection, "UPDATE lease SET expires_at_ms = 0 WHERE name = @name AND owner = @owner AND version = @version");
        Bind(command, "@owner", owner);
        Bind(command, "@version", version);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = (int)Math.Ceiling(operationTimeout.TotalSeconds);
        Bind(command, "@name", name);
        return command;
    }

    private static void Bind(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
