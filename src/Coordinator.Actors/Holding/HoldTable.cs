using System.Data.Common;
using System.Globalization;
using Coordinator.Actors.Platform;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Holding;

/// <summary>The hold as one version of the fleet's wish; a greater version is newer, whichever way it arrived.</summary>
/// <param name="Version">0 while nobody ever asked.</param>
/// <param name="Hold">Null for none.</param>
/// <param name="By">Who made this version.</param>
internal sealed record HoldState(long Version, FleetHold? Hold, string By = "")
{
    internal static readonly HoldState None = new(0, Hold: null);
}

/// <summary>
/// The rows behind the hold. A table and not a persistent actor, because an operator needs it when sharding, singletons or the journal's readers are what is broken: any one node that reaches the
/// database can write it, every node reads it before its first entity starts, and one statement that compares and sets needs no owner.
/// </summary>
internal sealed class HoldTable(SqlStore store)
{
    public HoldState Read()
    {
        using DbConnection connection = store.Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT version, held, by_whom, reason, at_ms FROM fleet_hold ORDER BY version DESC LIMIT 1";
        using DbDataReader reader = command.ExecuteReader();
        return reader.Read()
            ? new HoldState(
                reader.GetInt64(0),
                reader.GetInt64(1) == 0 ? null : new FleetHold(reader.GetString(2), reader.GetString(3), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4))),
                reader.GetString(2))
            : HoldState.None;
    }

    /// <summary>
    /// Taking off is recorded also when nothing is held: its repetition must not take off what somebody has put on since.
    /// </summary>
    /// <returns>False when a hold stands that was to be put on, the request was carried out before, or another node was faster.</returns>
    public bool TrySet(RequestId request, bool held, SignedWord word)
    {
        using DbConnection connection = store.Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = $"""
            INSERT INTO fleet_hold (version, held, by_whom, reason, at_ms, request_id)
            SELECT coalesce(max(version), 0) + 1, @held, @by, @reason, {store.NowMsSql}, @request FROM fleet_hold
            HAVING @held = 0 OR coalesce((SELECT held FROM fleet_hold ORDER BY version DESC LIMIT 1), 0) = 0
            ON CONFLICT DO NOTHING
            """;
        Bind(command, "@held", held ? 1 : 0);
        Bind(command, "@by", word.By);
        Bind(command, "@reason", word.Proof);
        Bind(command, "@request", request.Value);
        return Convert.ToInt64(command.ExecuteNonQuery(), CultureInfo.InvariantCulture) == 1;
    }

    /// <summary>The version that a request made.</summary>
    /// <returns>Null when it was not carried out.</returns>
    public long? VersionOf(RequestId request)
    {
        using DbConnection connection = store.Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT version FROM fleet_hold WHERE request_id = @request";
        Bind(command, "@request", request.Value);
        return command.ExecuteScalar() is { } version ? Convert.ToInt64(version, CultureInfo.InvariantCulture) : null;
    }

    private static void Bind(DbCommand command, string name, object value)
    {
        DbParameter parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
