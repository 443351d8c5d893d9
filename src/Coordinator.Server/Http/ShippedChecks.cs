using System.Data.Common;
using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Coordinator.Actors;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Platform;

namespace Coordinator.Server.Http;

/// <summary>The journal's table can be read: without it no entity comes back and nothing can be recorded.</summary>
internal sealed class JournalCheck(ActorSystem system) : INodeCheck
{
    public string Name => ClusterBoard.JournalCheck;

    public bool MayBeGivenUp => false;

    public Task<string> Look(CancellationToken stop) => StoreCheck.Read(
        system, "SELECT coalesce(max(ordering), 0) FROM journal", row => $"newest event {row.GetValue(0)}", stop);
}

/// <summary>The fleet's hold can be read: a node that does not know it must not open an attempt.</summary>
internal sealed class HoldCheck(ActorSystem system) : INodeCheck
{
    public string Name => "hold";

    public bool MayBeGivenUp => false;

    public Task<string> Look(CancellationToken stop) => StoreCheck.Read(
        system, "SELECT count(*), coalesce(max(version), 0) FROM fleet_hold", row => $"version {row.GetValue(1)}", stop);
}

/// <summary>The arbiter's row can be read. Nobody holds it in a cluster that never split.</summary>
internal sealed class LeaseCheck(ActorSystem system) : INodeCheck
{
    public string Name => "lease";

    public bool MayBeGivenUp => true;

    public Task<string> Look(CancellationToken stop)
    {
        string now = system.Settings.Setup.Get<SqlStoreSetup>().Value.Store.NowMsSql;
        return StoreCheck.Read(
            system, $"SELECT count(*), max(CASE WHEN expires_at_ms > {now} THEN owner END) FROM lease", row => row.IsDBNull(1) ? "free" : $"held by {row.GetString(1)}", stop);
    }
}

/// <summary>This node is a member of the cluster.</summary>
internal sealed class MembershipCheck(ActorSystem system) : INodeCheck
{
    public string Name => "cluster";

    public bool MayBeGivenUp => true;

    public Task<string> Look(CancellationToken stop)
    {
        Cluster cluster = Cluster.Get(system);
        MemberStatus status = cluster.SelfMember.Status;
        int silent = cluster.State.Unreachable.Count;
        return status == MemberStatus.Up
            ? Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"Up, {cluster.State.Members.Count} members{(silent > 0 ? $", {silent} unreachable" : "")}"))
            : throw new InvalidOperationException($"this node is {status}");
    }
}

/// <summary>The shards' coordinator answers this node's region, so that every VM can be reached through it.</summary>
internal sealed class RegionCheck(ActorSystem system) : INodeCheck
{
    public string Name => "region";

    public bool MayBeGivenUp => true;

    public async Task<string> Look(CancellationToken stop)
    {
        CurrentRegions regions = await ActorRegistry.For(system).Get<VmRegionKey>().Ask<CurrentRegions>(GetCurrentRegions.Instance, stop).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"{regions.Regions.Count} regions");
    }
}

internal static class StoreCheck
{
    /// <param name="system">Has the store.</param>
    /// <param name="sql">Gives one row. What both databases know.</param>
    /// <param name="say">What it says.</param>
    /// <param name="stop">Drivers that block do not hear it; the caller does not wait for them.</param>
    internal static async Task<string> Read(ActorSystem system, string sql, Func<DbDataReader, string> say, CancellationToken stop)
    {
        DbConnection connection = system.Settings.Setup.Get<SqlStoreSetup>().Value.Store.Open();
        await using (connection.ConfigureAwait(false))
        {
            DbCommand command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = sql;
                command.CommandTimeout = (int)NodeChecks.TimeOut.TotalSeconds;
                DbDataReader row = await command.ExecuteReaderAsync(stop).ConfigureAwait(false);
                await using (row.ConfigureAwait(false))
                {
                    return await row.ReadAsync(stop).ConfigureAwait(false) ? say(row) : throw new InvalidOperationException("the table gives no row");
                }
            }
        }
    }
}
