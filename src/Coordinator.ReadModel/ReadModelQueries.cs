using System.Globalization;
using System.Text;
using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <summary>One page of a list.</summary>
/// <param name="Views">Resources as protobuf, in order.</param>
/// <param name="Next">Token of the next page; empty after the last.</param>
public sealed record Page(IReadOnlyList<byte[]> Views, string Next);

/// <summary>A page token that this server did not give.</summary>
public sealed class PageTokenException(string token) : Exception($"page_token '{token}' is none that was given with a page of this list");

/// <summary>What lists and the sweeper ask of the tables. Blocking calls.</summary>
public sealed class ReadModelQueries(JournalDatabase database)
{
    public const int DefaultPageSize = 1_000;

    /// <summary>A page ends early beyond this: gRPC clients take 4 MiB, and a migration of 64 queue pairs is about 30 kB.</summary>
    private const int MaxPageBytes = 2 << 20;

    private readonly JournalFeed feed = new(database);
    private readonly ReadModelTables tables = new(database);

    /// <summary>By name.</summary>
    /// <param name="host">Empty for every one.</param>
    /// <param name="size">0 for <see cref="DefaultPageSize"/>; more than that is cut to it.</param>
    /// <param name="token">Empty for the first page.</param>
    /// <exception cref="PageTokenException">Not a token of such a page.</exception>
    public Page VirtualMachines(string host, int size, string token)
    {
        var limit = Limit(size);
        var after = Read(token, parts: 1)[0];
        using var connection = database.Open();
        var rows = new SqlSession(connection).Rows(
            $"SELECT vm, view FROM vm_row WHERE vm > @after{(host.Length > 0 ? " AND host = @host" : "")} ORDER BY vm LIMIT @limit",
            row => (Vm: row.GetString(0), View: (byte[])row.GetValue(1)),
            ("@after", after), ("@host", host), ("@limit", limit + 1));
        var shown = Fitting([.. rows.Select(row => row.View)], limit);
        return new Page([.. rows.Take(shown).Select(row => row.View)], rows.Count > shown ? Write(rows[shown - 1].Vm) : "");
    }

    /// <summary>Newest first.</summary>
    /// <param name="vm">Empty for every one.</param>
    /// <param name="host">As source or destination; empty for every one.</param>
    /// <param name="phases">Empty for every one.</param>
    /// <param name="size">As above.</param>
    /// <param name="token">As above.</param>
    /// <exception cref="PageTokenException">Not a token of such a page.</exception>
    public Page Migrations(string vm, string host, IReadOnlyList<string> phases, int size, string token)
    {
        var limit = Limit(size);
        var parts = Read(token, parts: 2);
        var before = token.Length == 0 ? long.MaxValue : long.TryParse(parts[0], CultureInfo.InvariantCulture, out var micros) ? micros : throw new PageTokenException(token);
        var where = new StringBuilder("(requested_at_us < @before OR (requested_at_us = @before AND id < @id))");
        List<(string, object)> parameters = [("@before", before), ("@id", parts[1]), ("@limit", limit + 1)];
        if (vm.Length > 0)
        {
            where.Append(" AND vm = @vm");
            parameters.Add(("@vm", vm));
        }

        if (host.Length > 0)
        {
            where.Append(" AND (source_host = @host OR destination_host = @host)");
            parameters.Add(("@host", host));
        }

        if (phases.Count > 0)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND phase IN ({string.Join(", ", phases.Select((_, index) => $"@phase{index}"))})");
            parameters.AddRange(phases.Select((phase, index) => ($"@phase{index}", (object)phase)));
        }

        using var connection = database.Open();
        var rows = new SqlSession(connection).Rows(
            $"SELECT requested_at_us, id, view FROM migration_row WHERE {where} ORDER BY requested_at_us DESC, id DESC LIMIT @limit",
            row => (Requested: row.GetInt64(0), Id: row.GetString(1), View: (byte[])row.GetValue(2)),
            [.. parameters]);
        var shown = Fitting([.. rows.Select(row => row.View)], limit);
        return new Page(
            [.. rows.Take(shown).Select(row => row.View)],
            rows.Count > shown ? Write(rows[shown - 1].Requested.ToString(CultureInfo.InvariantCulture), rows[shown - 1].Id) : "");
    }

    /// <summary>Null when there is none of this id.</summary>
    public byte[]? Migration(string id)
    {
        using var connection = database.Open();
        return new SqlSession(connection).Scalar("SELECT view FROM migration_row WHERE id = @id", ("@id", id)) as byte[];
    }

    /// <summary>Names of the VMs on each host.</summary>
    public ILookup<string, string> Residents()
    {
        using var connection = database.Open();
        return new SqlSession(connection).Rows("SELECT host, vm FROM vm_row WHERE host <> '' ORDER BY vm", row => (Host: row.GetString(0), Vm: row.GetString(1)))
            .ToLookup(row => row.Host, row => row.Vm, StringComparer.Ordinal);
    }

    /// <summary>VMs whose entities have something to do, by name.</summary>
    public IReadOnlyList<string> Outstanding()
    {
        using var connection = database.Open();
        return new SqlSession(connection).Rows("SELECT vm FROM vm_row WHERE is_outstanding = 1 ORDER BY vm", row => row.GetString(0));
    }

    /// <summary>Waits until what was journalled before the call is in the tables: a list never lacks what its reader was told.</summary>
    /// <returns>False when that takes longer.</returns>
    public async Task<bool> CatchUp(TimeSpan limit, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(time);
        var started = time.GetTimestamp();
        var wanted = feed.Greatest();
        while (tables.Place().Ordering < wanted)
        {
            if (time.GetElapsedTime(started) > limit)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25), time, stop).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>How many of these a page has; one at least.</summary>
    private static int Fitting(List<byte[]> views, int limit)
    {
        var (shown, bytes) = (0, 0L);
        while (shown < Math.Min(views.Count, limit) && (shown == 0 || bytes + views[shown].Length <= MaxPageBytes))
        {
            bytes += views[shown++].Length;
        }

        return shown;
    }

    private static int Limit(int size) => size is > 0 and < DefaultPageSize ? size : DefaultPageSize;

    private static string Write(params string[] parts) => Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Join('\n', parts)));

    private static string[] Read(string token, int parts)
    {
        if (token.Length == 0)
        {
            return [.. Enumerable.Repeat("", parts)];
        }

        try
        {
            var read = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
            return read.Length == parts ? read : throw new PageTokenException(token);
        }
        catch (FormatException)
        {
            throw new PageTokenException(token);
        }
    }
}
