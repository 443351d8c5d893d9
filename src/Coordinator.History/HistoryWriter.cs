using System.Globalization;
using System.Threading.Channels;
using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>
/// Appends records to one new file. <see cref="Add"/> only puts the record into a bounded queue, so that it may be called on a path where a guest waits; what is queued is
/// serialised and written elsewhere, and handed to the kernel whenever the queue is empty. SIGKILL loses what is queued then, mostly nothing; the file has no <see cref="WriterEnded"/> then.
/// </summary>
public sealed class HistoryWriter : IAsyncDisposable
{
    /// <summary>Some seconds of the busiest agent. Beyond it records are left out and counted.</summary>
    private const int QueuedRecordsAtMost = 65_536;

    private readonly Channel<HistoryRecord> _queue = Channel.CreateBounded<HistoryRecord>(new BoundedChannelOptions(QueuedRecordsAtMost) { SingleReader = true });
    private readonly string _name;
    private readonly Func<long> _nowMicros;
    private readonly Task _writing;
    private long _dropped;
    private long _lastOperation;

    private HistoryWriter(FileStream file, string name, Func<long> nowMicros)
    {
        (_name, _nowMicros) = (name, nowMicros);
        _writing = Task.Run(() => WriteAsync(file));
    }

    /// <param name="directory">Made when it is missing.</param>
    /// <param name="name">Of the writer; the file's name is made from it and is never used twice.</param>
    /// <param name="host">Of an agent.</param>
    /// <param name="nowMicros">Microseconds since the Unix epoch.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static HistoryWriter Create(string directory, string name, HostName? host, Func<long> nowMicros)
    {
        Directory.CreateDirectory(directory);
        string life = string.Create(CultureInfo.InvariantCulture, $"{name}-{nowMicros()}-{Environment.ProcessId}");
        HistoryWriter writer = new(new FileStream(Path.Combine(directory, life + HistoryLines.FileExtension), FileMode.CreateNew, FileAccess.Write, FileShare.Read), life, nowMicros);
        writer.Add(new WriterBegan(nowMicros(), life, host));
        return writer;
    }

    /// <summary>For invocations and commands of this writer: unique over all writers of a run.</summary>
    public string NextOperation() => string.Create(CultureInfo.InvariantCulture, $"{_name}.{Interlocked.Increment(ref _lastOperation)}");

    public void Add(HistoryRecord record)
    {
        if (!_queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Writes what is queued and that this is all.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync(FileStream file)
    {
        await using (file)
        {
            while (await _queue.Reader.WaitToReadAsync())
            {
                while (_queue.Reader.TryRead(out HistoryRecord? record))
                {
                    HistoryLines.Write(record, file);
                }

                if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
                {
                    HistoryLines.Write(new RecordsDropped(_nowMicros(), _name, dropped), file);
                }

                await file.FlushAsync();
            }

            HistoryLines.Write(new WriterEnded(_nowMicros(), _name), file);
        }
    }
}
