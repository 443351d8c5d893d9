using System.Globalization;

namespace Coordinator.Cli.Local;

/// <summary>A part that is started again when it ends by itself: agents promise that a guest never stays stopped, and that needs somebody who restarts them.</summary>
internal sealed class SupervisedPart(string name, string log, string binary, IReadOnlyList<string> arguments, Action<string> say) : IDisposable
{
    static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);
    static readonly TimeSpan s_stopWithin = TimeSpan.FromSeconds(10);

    ChildProcess child = ChildProcess.Start(name, log, binary, arguments);

    public string Name => name;

    public string Log => log;

    public int Pid => child.Pid;

    public bool HasExited => child.HasExited;

    public string Death => string.Create(CultureInfo.InvariantCulture, $"{name} ended with {child.ExitCode}; the end of {log}:\n{child.LastWords()}");

    /// <summary>Until cancelled.</summary>
    public async Task Supervise(CancellationToken cancellation)
    {
        var pause = s_firstPause;
        try
        {
            while (true)
            {
                var started = TimeProvider.System.GetTimestamp();
                await child.WaitForExit(cancellation);
                pause = TimeProvider.System.GetElapsedTime(started) > s_longestPause ? s_firstPause : pause;
                await Task.Delay(pause, cancellation);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
                say($"{Death}\nstarting {name} again");
                child.Dispose();
                child = ChildProcess.Start(name, log, binary, arguments);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    public async Task Stop()
    {
        if (!await child.Stop(s_stopWithin))
            say($"{name} did not stop within {s_stopWithin.TotalSeconds:0} s and was killed");
    }

    public void Dispose() => child.Dispose();
}
