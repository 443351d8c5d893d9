using Microsoft.Data.Sqlite;

namespace Coordinator.Agent.State;

/// <summary>
/// Everything an agent must still know after a crash: records of each VM, the step log, and (in files of their own) the decision registers. Safe for
/// many callers at once; every write returns only after it is on disk.
/// </summary>
public sealed class AgentStore : IDisposable
{
    private readonly DirectoryOwnership _ownership;
    private readonly SqliteConnection _writing;
    private readonly SqliteConnection _reading;
    private readonly StoreWriter _writer;
    private readonly Lock _readGate = new();

    private AgentStore(DirectoryOwnership ownership, SqliteConnection writing, SqliteConnection reading, Guid instanceId, StoreOrigin origin, string directory)
    {
        _ownership = ownership;
        _writing = writing;
        _reading = reading;
        _writer = new StoreWriter(writing);
        InstanceId = instanceId;
        Origin = origin;
        Registers = new RegisterDirectory(Path.Combine(directory, "registers"), instanceId);
    }

    /// <summary>New for a store that was missing or restored. Registers of an earlier instance answer unknown.</summary>
    public Guid InstanceId { get; }

    public StoreOrigin Origin { get; }

    public RegisterDirectory Registers { get; }

    /// <summary>
    /// Grows with every record and step, never falls. A coordinator that has seen a greater one knows that the whole filesystem was rolled back (a
    /// snapshot keeps inodes, so the store cannot see it); moving the state directory aside then makes a new instance.
    /// </summary>
    public long LastSequence => Read(connection => (long)StoreDatabase.Scalar(connection, "SELECT COALESCE(SUM(seq), 0) FROM sqlite_sequence")!);

    /// <summary>Opens or makes the store. The directory is made with mode 0700.</summary>
    /// <exception cref="AgentStoreException">In use by another agent, damaged, too new, no space, no permission.</exception>
    public static AgentStore Open(string directory)
    {
        DirectoryOwnership? ownership = null;
        SqliteConnection? writing = null;
        SqliteConnection? reading = null;
        try
        {
            LinuxFileCalls.CreateDirectory(directory);
            ownership = DirectoryOwnership.Take(directory);
            writing = StoreDatabase.Open(directory);
            StoreDatabase.RequireHealthy(writing);
            StoreDatabase.CreateIfEmpty(writing);
            var (instanceId, origin) = StoreDatabase.Instance(writing, LinuxFileCalls.IdentityOf(Path.Combine(directory, StoreDatabase.FileName)));
            reading = StoreDatabase.Open(directory);
            LinuxFileCalls.SyncDirectory(directory);
            return new AgentStore(ownership, writing, reading, instanceId, origin, directory);
        }
        catch (Exception e)
        {
            reading?.Dispose();
            writing?.Dispose();
            ownership?.Dispose();
            throw e switch
            {
                SqliteException sqlite => StoreDatabase.Explained(sqlite, Path.Combine(directory, StoreDatabase.FileName)),
                IOException or UnauthorizedAccessException =>
                    new AgentStoreException(StoreFault.Refused, $"the state directory {directory} cannot be used: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>All of <paramref name="records"/> or none, in their order, on disk when the task completes.</summary>
    /// <exception cref="AgentStoreException">Nothing was recorded.</exception>
    public Task AppendAsync(string vm, IReadOnlyList<DurableRecord> records, CancellationToken cancellation = default)
    {
        RequireRecords(vm, records);
        return _writer.Submit(connection => Append(connection, vm, records), cancellation);
    }

    /// <summary>
    /// Puts <paramref name="summary"/> in place of all records of the VM up to <paramref name="throughSequence"/>, in one commit: keeps a VM that
    /// migrates for years small.
    /// </summary>
    public Task ReplaceAsync(string vm, long throughSequence, IReadOnlyList<DurableRecord> summary, CancellationToken cancellation = default)
    {
        RequireRecords(vm, summary);
        return _writer.Submit(connection =>
        {
            Run(connection, "DELETE FROM record WHERE vm = $vm AND sequence <= $through", ("$vm", vm), ("$through", throughSequence));
            return Append(connection, vm, summary);
        }, cancellation);
    }

    public IReadOnlyList<StoredRecord> ReadAll(string vm)
    {
        StoreKeys.RequireVm(vm);
        return Read<IReadOnlyList<StoredRecord>>(connection =>
        {
            using var command = StoreDatabase.Command(connection, "SELECT sequence, instance, kind, payload FROM record WHERE vm = $vm ORDER BY sequence",
                ("$vm", vm));
            using var row = command.ExecuteReader();
            var records = new List<StoredRecord>();
            while (row.Read())
            {
                records.Add(new StoredRecord(row.GetInt64(0), new Guid((byte[])row[1]), row.GetString(2), (byte[])row[3]));
            }

            return records;
        });
    }

    /// <summary>VMs that have records or steps.</summary>
    public IReadOnlyList<string> Vms() => Read<IReadOnlyList<string>>(connection =>
    {
        using var command = StoreDatabase.Command(connection, "SELECT vm FROM record UNION SELECT vm FROM step ORDER BY 1");
        using var row = command.ExecuteReader();
        var vms = new List<string>();
        while (row.Read())
        {
            vms.Add(row.GetString(0));
        }

        return vms;
    });

    /// <summary>The answer that was given to a step, or null when it was not done yet.</summary>
    public byte[]? TryGetStep(string vm, long epoch, long stepNo)
    {
        StoreKeys.RequireVm(vm);
        return Read(connection => StepIn(connection, vm, epoch, stepNo));
    }

    /// <summary>
    /// Records the answer to a step together with the records it made, in one commit. The first answer stays: for a step that has one already nothing
    /// is written, and that answer is returned.
    /// </summary>
    public Task<byte[]> SaveStepAsync(string vm, long epoch, long stepNo, ReadOnlyMemory<byte> result, IReadOnlyList<DurableRecord>? records = null,
        CancellationToken cancellation = default)
    {
        RequireRecords(vm, records ?? []);
        if (result.Length > DurableRecord.PayloadBytesAtMost)
        {
            throw new ArgumentException($"a step's result is larger than {DurableRecord.PayloadBytesAtMost} bytes.", nameof(result));
        }

        return _writer.Submit(connection =>
        {
            if (StepIn(connection, vm, epoch, stepNo) is { } first)
            {
                return first;
            }

            var bytes = result.ToArray();
            Run(connection, "INSERT INTO step (vm, epoch, step_no, result) VALUES ($vm, $epoch, $step, $result)", ("$vm", vm), ("$epoch", epoch),
                ("$step", stepNo), ("$result", bytes));
            Append(connection, vm, records ?? []);
            return bytes;
        }, cancellation);
    }

    /// <summary>Steps below a fenced-off epoch are refused by the epoch floor, so their answers are never asked for again.</summary>
    public Task ForgetStepsBelowAsync(string vm, long epoch, CancellationToken cancellation = default)
    {
        StoreKeys.RequireVm(vm);
        return _writer.Submit(connection => Run(connection, "DELETE FROM step WHERE vm = $vm AND epoch < $epoch", ("$vm", vm), ("$epoch", epoch)),
            cancellation);
    }

    /// <summary>Waits for writes that were begun.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        _reading.Dispose();
        _writing.Dispose();
        _ownership.Dispose();
    }

    private int Append(SqliteConnection connection, string vm, IReadOnlyList<DurableRecord> records)
    {
        foreach (var record in records)
        {
            Run(connection, "INSERT INTO record (vm, instance, kind, payload) VALUES ($vm, $instance, $kind, $payload)",
                ("$vm", vm), ("$instance", InstanceId.ToByteArray()), ("$kind", record.Kind), ("$payload", record.Payload.ToArray()));
        }

        return records.Count;
    }

    private T Read<T>(Func<SqliteConnection, T> read)
    {
        try
        {
            lock (_readGate)
            {
                return read(_reading);
            }
        }
        catch (SqliteException e)
        {
            throw StoreDatabase.Explained(e, _reading.DataSource);
        }
    }

    private static byte[]? StepIn(SqliteConnection connection, string vm, long epoch, long stepNo) =>
        (byte[]?)StoreDatabase.Scalar(connection, "SELECT result FROM step WHERE vm = $vm AND epoch = $epoch AND step_no = $step", ("$vm", vm),
            ("$epoch", epoch), ("$step", stepNo));

    private static int Run(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = StoreDatabase.Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static void RequireRecords(string vm, IReadOnlyList<DurableRecord> records)
    {
        StoreKeys.RequireVm(vm);
        foreach (var record in records)
        {
            if (record.Kind.Length is 0 or > DurableRecord.KindCharactersAtMost || record.Payload.Length > DurableRecord.PayloadBytesAtMost)
            {
                throw new ArgumentException($"the record '{record.Kind}' has no kind, a kind over {DurableRecord.KindCharactersAtMost} characters, or a "
                    + $"payload over {DurableRecord.PayloadBytesAtMost} bytes.", nameof(records));
            }
        }
    }
}
