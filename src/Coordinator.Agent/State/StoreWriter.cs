using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Coordinator.Agent.State;

/// <summary>
/// The only writer of the database: one thread, because SQLite has one writer anyway and its calls block. What waits while one commit is synced goes
/// into the next one together, so a hundred guests cost as many syncs as the disk can make and not one each.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    /// <summary>Requests that may wait; behind that callers wait. Far more than all guests of a host have outstanding at once.</summary>
    private const int WaitingAtMost = 4096;

    /// <summary>Bounds one commit, and with it how long the first of a batch waits.</summary>
    private const int BatchAtMost = 256;

    private readonly SqliteConnection _connection;
    private readonly BlockingCollection<Request> _waiting = new(WaitingAtMost);
    private readonly Thread _thread;
    private bool _disposed;

    public StoreWriter(SqliteConnection connection)
    {
        _connection = connection;
        _thread = new Thread(Run) { IsBackground = true, Name = "agent store writer" };
        _thread.Start();
    }

    /// <summary>
    /// Completes when <paramref name="write"/> is committed and synced. It may be run more than once: after a batch failed, each request is tried
    /// alone.
    /// </summary>
    public Task<T> Submit<T>(Func<SqliteConnection, T> write, CancellationToken cancellation)
    {
        var request = new Request<T>(write);
        try
        {
            _waiting.Add(request, cancellation);
        }
        catch (InvalidOperationException e)
        {
            throw new ObjectDisposedException("the agent store is closed", e);
        }

        return request.Task;
    }

    /// <summary>Writes what waits, then ends.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _waiting.CompleteAdding();
        _thread.Join();
        _waiting.Dispose();
    }

    private void Run()
    {
        var batch = new List<Request>(BatchAtMost);
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < BatchAtMost && _waiting.TryTake(out var next))
            {
                batch.Add(next);
            }

            if (Commit(batch) is { } failure)
            {
                Retry(batch, failure);
            }

            batch.Clear();
        }
    }

    // One request's fault must not fail the others.
    private void Retry(List<Request> batch, Exception failure)
    {
        if (batch.Count == 1)
        {
            batch[0].Fail(failure);
            return;
        }

        foreach (var request in batch)
        {
            if (Commit([request]) is { } own)
            {
                request.Fail(own);
            }
        }
    }

    private Exception? Commit(List<Request> batch)
    {
        try
        {
            StoreDatabase.Execute(_connection, "BEGIN IMMEDIATE");
            foreach (var request in batch)
            {
                request.Write(_connection);
            }

            StoreDatabase.Execute(_connection, "COMMIT");
        }
#pragma warning disable CA1031 // The failure is the answer to the callers of this batch; the thread must live on for the others.
        catch (Exception e)
        {
            RollBack();
            return e is SqliteException sqlite ? StoreDatabase.Explained(sqlite, _connection.DataSource) : e;
        }
#pragma warning restore CA1031

        foreach (var request in batch)
        {
            request.Complete();
        }

        return null;
    }

    private void RollBack()
    {
        try
        {
            StoreDatabase.Execute(_connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself after a full disk or an I/O error: there is no transaction any more.
        }
    }

    private abstract class Request
    {
        public abstract void Write(SqliteConnection connection);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class Request<T>(Func<SqliteConnection, T> write) : Request
    {
        // Continuations must not run on the writer's thread: they would hold up every other commit.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _done.Task;

        public override void Write(SqliteConnection connection) => _result = write(connection);

        public override void Complete() => _done.SetResult(_result!);

        public override void Fail(Exception failure) => _done.SetException(failure);
    }
}
