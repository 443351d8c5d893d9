using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Akka.Configuration;

namespace Coordinator.Actors.Operators;

/// <summary>A program that the operator configured for fencing or alerts: started without a shell, killed with what it started when the time is over.</summary>
/// <param name="Line">Program and arguments; not empty.</param>
internal sealed record OperatorCommand(ImmutableArray<string> Line)
{
    /// <summary>
    /// For what was printed last, after the program has ended: something that it left running may hold its output open (as ssh's ControlPersist does), and its exit code is known already.
    /// </summary>
    private static readonly TimeSpan s_outputGrace = TimeSpan.FromSeconds(1);

    internal string Name => Line[0];

    /// <returns>Null when none is configured.</returns>
    /// <exception cref="ConfigurationException">The program's name is empty.</exception>
    internal static OperatorCommand? Read(Config section, string setting)
    {
        IList<string> line = section.GetStringList("command", []);
        return line.Count == 0 ? null
            : string.IsNullOrWhiteSpace(line[0]) ? throw new ConfigurationException($"{setting} begins with an empty program name.")
            : new OperatorCommand([.. line]);
    }

    /// <exception cref="OperationCanceledException">Stopped; the program and what it started are killed.</exception>
    internal async Task<OperatorAnswer> RunAsync(string input, CancellationToken stop)
    {
        ProcessStartInfo start = new(Line[0], Line.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return OperatorAnswer.None($"cannot be started: {e.Message}");
        }

        using (process)
        {
            try
            {
                return await AnswerAsync(process, input, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Kill(process);
                throw;
            }
        }
    }

    private static async Task<OperatorAnswer> AnswerAsync(Process process, string input, CancellationToken stop)
    {
        StringBuilder output = new();
        StringBuilder errors = new();
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task read = Task.WhenAll(OperatorAnswer.ReadAsync(process.StandardOutput, output, reading.Token), OperatorAnswer.ReadAsync(process.StandardError, errors, reading.Token));
        await WriteAsync(process, input, stop).ConfigureAwait(false);
        await process.WaitForExitAsync(stop).ConfigureAwait(false);
        await ((Task)Task.WhenAny(read, Task.Delay(s_outputGrace, stop))).ConfigureAwait(false);
        await reading.CancelAsync().ConfigureAwait(false);
        return OperatorAnswer.Of(
            process.ExitCode, string.Create(CultureInfo.InvariantCulture, $"ended with {process.ExitCode}"), $"{Text(output)} {Text(errors)}");
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    /// <summary>A program that does not read its input is judged by its exit code alone.</summary>
    private static async Task WriteAsync(Process process, string input, CancellationToken stop)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), stop).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or AggregateException)
        {
            // It has ended meanwhile, or a part of it belongs to another user now; nothing more can be done to it from here.
        }
    }
}
