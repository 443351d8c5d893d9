using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>
/// A process of Coordinator.ClusterProbe. Facts it says are kept with their order, so that a test can wait for one that came already.
/// Ended by its own id, even when stopped by SIGSTOP.
/// </summary>
sealed class ProbeProcess : IAsyncDisposable
{
    /// <summary>Generous: two processes that compile and start on a machine shared with others. Waiting ends with the fact.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private const int SignalContinue = 18;
    private const int SignalStop = 19;
    private const int LogLinesShown = 60;

    private readonly Process process;
    private readonly List<string> facts = [];
    private readonly List<string> log = [];

    public ProbeProcess(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Coordinator.ClusterProbe.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(facts, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(log, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Position for "after this": facts said from now on.</summary>
    public int Now
    {
        get
        {
            lock (facts)
            {
                return facts.Count;
            }
        }
    }


    public void Tell(string command) => process.StandardInput.WriteLine(command);

    /// <summary>Waits until facts said since <paramref name="after"/> satisfy the condition.</summary>
    public async Task<string[]> WaitFor(Func<string[], bool> condition, string what, int after = 0, TimeSpan? limit = null)
    {
        string[] said = [];
        var met = await Eventually.IsTrue(() => condition(said = Said(after)), limit ?? Limit);
        return met ? said : throw new TimeoutException(
            $"Not seen within {(limit ?? Limit).TotalSeconds} s: {what}. Process {(process.HasExited ? $"ended with {process.ExitCode}" : "runs")}. It said:\n"
            + $"{string.Join('\n', Said(after))}\nIts log ended:\n{LogTail()}");
    }

    public async Task<string> WaitForFact(string start, int after = 0, TimeSpan? limit = null)
    {
        var said = await WaitFor(said => said.Any(fact => fact.StartsWith(start, StringComparison.Ordinal)), start, after, limit);
        return said.First(fact => fact.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>Asks until there is a number for an answer: sharding drops messages while it finds its places.</summary>
    public async Task<long> Ask(string question)
    {
        for (var attempt = 1; ; attempt++)
        {
            var asked = Now;
            Tell(question);
            var answer = (await WaitForFact($"answer {question} = ", asked)).Split(" = ")[1];
            if (long.TryParse(answer, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            Assert.True(attempt < 10, $"{question}: {answer}");
        }
    }

    public void SignalKill() => process.Kill();

    public void SignalStopped() => Send(SignalStop);

    public void SignalContinued() => Send(SignalContinue);

    public async Task<int> WaitForExit(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"The process still runs after {limit.TotalSeconds} s. Its log ended:\n{LogTail()}", e);
        }

        return process.ExitCode;
    }

    public string[] Said(int after = 0)
    {
        lock (facts)
        {
            return [.. facts.Skip(after)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int processId, int signal);

    private static void Keep(List<string> lines, string? line)
    {
        if (line is not null)
        {
            lock (lines)
            {
                lines.Add(line);
            }
        }
    }

    private void Send(int signal) => Assert.Equal(0, SendSignal(process.Id, signal));

    private string LogTail()
    {
        lock (log)
        {
            return string.Join('\n', log.TakeLast(LogLinesShown));
        }
    }
}
