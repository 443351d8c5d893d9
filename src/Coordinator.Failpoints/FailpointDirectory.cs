using System.Collections.Concurrent;
using System.Globalization;

namespace Coordinator.Failpoints;

/// <summary>
/// The actions of one process: files named like their points. <c>hits.log</c> gets a line for each hit that acts, before it acts; with a file <c>trace</c> there, every hit of every
/// point gets one in <c>trace.log</c>.
/// </summary>
/// <param name="folder">Made by whoever switched failpoints on; a hit finds nothing in one that is missing.</param>
/// <param name="complain">Takes the sentence about a file that is no action, once per text.</param>
/// <param name="signal">Sends SIGKILL or SIGSTOP to the own process.</param>
internal sealed class FailpointDirectory(string folder, Action<string> complain, Action<FailpointDeed> signal)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, (string Text, int Hits)> _seen = new(StringComparer.Ordinal);
    private readonly Lock _logGate = new();

    public ValueTask HitAsync(string name, string vm)
    {
        if (File.Exists(Path.Combine(folder, "trace")))
        {
            Append("trace.log", $"{name} {vm}");
        }

        return ReadAction(name) is { } text ? ActAsync(name, vm, text) : ValueTask.CompletedTask;
    }

    private ValueTask ActAsync(string name, string vm, string text)
    {
        if (FailpointAction.TryParse(text, out string error) is not { } action)
        {
            if (!_seen.TryGetValue(name, out (string Text, int Hits) complained) || complained.Text != text)
            {
                _seen[name] = (text, 0);
                complain($"failpoint {name}: {error}; nothing is done");
            }

            return ValueTask.CompletedTask;
        }

        if (action.Vm is { } only && only != vm)
        {
            return ValueTask.CompletedTask;
        }

        int hits = _seen.AddOrUpdate(name, _ => (text, 1), (_, before) => before.Text == text ? (text, before.Hits + 1) : (text, 1)).Hits;
        if (hits < action.FirstHit)
        {
            return ValueTask.CompletedTask;
        }

        Append("hits.log", $"{name} vm={vm} {text.Trim()}");
        switch (action.Deed)
        {
            case FailpointDeed.Kill or FailpointDeed.Stop:
                signal(action.Deed);
                return ValueTask.CompletedTask;
            case FailpointDeed.Hold:
                return new ValueTask(HoldAsync(name, vm));
            case FailpointDeed.Delay:
                return new ValueTask(Task.Delay(action.Delay));
            default:
                throw new FailpointException(name);
        }
    }

    /// <summary>Polled: a watcher of the directory may lose its events, and nothing here is in a hurry.</summary>
    private async Task HoldAsync(string name, string vm)
    {
        string action = Path.Combine(folder, name);
        string held = action + ".held";

        // Whole when it is seen: whoever waits for it reads it at once.
        string unfinished = $"{held}.{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(unfinished, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {vm}\n"));
        File.Move(unfinished, held, overwrite: true);
        while (File.Exists(action))
        {
            await Task.Delay(s_look);
        }

        File.Delete(held);
    }

    private string? ReadAction(string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Taken away in this moment, or not ours to read.
            return null;
        }
    }

    private void Append(string log, string line)
    {
        lock (_logGate)
        {
            File.AppendAllText(
                Path.Combine(folder, log), string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss.ffffffZ} pid={Environment.ProcessId} {line}\n"));
        }
    }
}
