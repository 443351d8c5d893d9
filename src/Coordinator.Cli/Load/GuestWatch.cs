using System.Collections.Concurrent;
using System.Text;
using Coordinator.History;

namespace Coordinator.Cli.Load;

/// <summary>
/// Follows what the simulated guests write down of their own runs. The traffic learns from it when a guest has moved, so that it need not ask the coordinators all the time: a poll of every migration would be
/// a load that no control plane makes. And all of it is the evidence at the end.
/// </summary>
internal sealed class GuestWatch(string directory)
{
    static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    readonly Dictionary<string, (long Position, byte[] Torn)> files = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);
    readonly List<HistoryRecord> records = [];

    /// <summary>In the order of their times.</summary>
    public IReadOnlyList<HistoryRecord> Records()
    {
        lock (records)
            return [.. records.OrderBy(record => record.AtMicros)];
    }

    public async Task Follow(CancellationToken cancellation)
    {
        while (true)
        {
            Read();
            await Task.Delay(s_look, cancellation);
        }
    }

    /// <summary>Completes when a copy of the guest begins to run that did not before.</summary>
    public Task Begins(string vm) => waiting.GetOrAdd(vm, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>What has been written since the last time.</summary>
    public void Read()
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + HistoryLines.FileExtension))
        {
            var (position, torn) = files.GetValueOrDefault(path, (0, []));
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length <= position)
                continue;
            file.Position = position;
            var read = new byte[file.Length - position];
            file.ReadExactly(read);
            byte[] text = [.. torn, .. read];
            var end = Array.LastIndexOf(text, (byte)'\n') + 1;
            files[path] = (position + read.Length, text[end..]);
            foreach (var line in Encoding.UTF8.GetString(text, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Take(HistoryLines.Read(line));
        }
    }

    void Take(HistoryRecord record)
    {
        if (record is not (RunBegan or RunEnded))
            return;
        lock (records)
            records.Add(record);
        if (record is RunBegan began && waiting.TryRemove(began.Vm.Value, out var begins))
            begins.TrySetResult();
    }
}
