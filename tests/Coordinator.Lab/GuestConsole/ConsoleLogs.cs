using System.Text;

namespace Coordinator.Lab.GuestConsole;

/// <summary>
/// Follows the serial console logs of one guest's life. Either all its QEMUs append to one file, or each has its own: then the logs are
/// added in the order of the launches, and a line that the source began and the destination finished is joined. A log that stays empty (a failed destination) changes nothing.
/// Not for use by several threads.
/// </summary>
public sealed class ConsoleLogs
{
    const int ReadBytes = 1 << 16;

    readonly List<Log> logs = [];
    readonly ConsoleJudge judge = new();
    Log? current;

    public ConsoleLogs(params IEnumerable<string> paths)
    {
        foreach (var path in paths)
            Add(path);
    }

    /// <summary>The file may not exist yet.</summary>
    public void Add(string path) => logs.Add(new(path));

    /// <summary>Reads what is new and judges it.</summary>
    /// <exception cref="LabFailure">A log was truncated.</exception>
    public ConsoleReport Read()
    {
        foreach (var log in logs)
            Read(log);
        return judge.Report();
    }

    /// <exception cref="TimeoutException">Says what the console had shown.</exception>
    public async Task<ConsoleReport> WaitForTick(long number, TimeSpan limit, CancellationToken cancellation = default) =>
        await Eventually.Becomes(
            () => Read() is { } report && (report.LastTick >= number || report.Findings.Any(finding => finding.Kind == ConsoleFindingKind.LoadFailed)) ? report : null,
            limit, $"tick {number}", () => judge.Report().ToString(), cancellation);

    /// <summary>Waits until the guest has ticked this many times more than now.</summary>
    public Task<ConsoleReport> WaitForMoreTicks(long more, TimeSpan limit, CancellationToken cancellation = default) =>
        WaitForTick(Read().LastTick + more, limit, cancellation);

    void Read(Log log)
    {
        foreach (var (bytes, atEnd) in log.NewBytes(ReadBytes))
        {
            if (log != current && (current is null || logs.IndexOf(log) > logs.IndexOf(current)))
                TakeOver(log);
            var inTurn = log == current;
            foreach (var line in log.Lines(bytes))
                if (inTurn)
                    judge.Observe(line, log.Path);
                else
                    judge.ObserveOutOfTurn(line, log.Path);
            if (atEnd)
                break;
        }
    }

    // The source's last bytes are in its file before the destination's first are in its own, since the destination runs later; but they
    // may have been written after this pass read the source's log, so it is read once more.
    void TakeOver(Log log)
    {
        var before = current;
        if (before is not null)
        {
            Read(before);
            log.Partial.InsertRange(0, before.Partial);
            before.Partial.Clear();
        }
        current = log;
    }

    sealed class Log(string path)
    {
        long offset;

        public string Path => path;
        public List<byte> Partial { get; } = [];

        public IEnumerable<(byte[] Bytes, bool AtEnd)> NewBytes(int blockBytes)
        {
            if (!File.Exists(path))
                yield break;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length < offset)
                throw new LabFailure($"{path} became shorter: a QEMU was started without append=on and wiped what the guest had said");
            file.Seek(offset, SeekOrigin.Begin);
            var block = new byte[blockBytes];
            for (int length; (length = file.Read(block)) > 0;)
            {
                offset += length;
                yield return (block[..length], length < blockBytes);
            }
        }

        public IEnumerable<string> Lines(byte[] bytes)
        {
            foreach (var value in bytes)
            {
                if (value != (byte)'\n')
                {
                    Partial.Add(value);
                    continue;
                }
                var line = Encoding.ASCII.GetString([.. Partial]);
                Partial.Clear();
                yield return line;
            }
        }
    }
}
