using System.Diagnostics;
using System.Runtime.InteropServices;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Local;

/// <summary>A sibling binary that <c>up</c> has started, writing to its own log.</summary>
internal sealed class ChildProcess : IDisposable
{
    const int LogLinesShown = 8;
    const int LogBytesRead = 16 << 10;
    const int SigTerm = 15;

    // The log is opened by the shell, since .NET can redirect to pipes only, and a pipe's reader would have to live as long as the child. A session of its own keeps the
    // terminal's Ctrl-C from it: it is told to stop in its turn. Both replace themselves, so the process id is the child's.
    const string Launch = """exec setsid "$@" >>"$0" 2>&1 </dev/null""";

    const string LaunchBound = """exec setsid "$@" >>"$0" 2>&1""";

    readonly Process process;

    ChildProcess(string name, string log, Process process)
    {
        Name = name;
        Log = log;
        this.process = process;
    }

    public string Name { get; }

    public string Log { get; }

    public int Pid => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    public static ChildProcess Start(string name, string log, string binary, IEnumerable<string> arguments)
    {
        if (!File.Exists(binary))
            throw new CommandFailure(Outcomes.ExitCode.Failed, $"{binary} is missing: 'up' starts the binaries beside coordctl, and 'make build' puts them all into one folder");
        var start = new ProcessStartInfo("/bin/sh", ["-c", Launch, log, binary, .. arguments]) { UseShellExecute = false };
        return new(name, log, Process.Start(start)!);
    }

    /// <summary>One that ends with coordctl, however that ends: its standard input is a pipe of ours, and it watches for its end.</summary>
    public static ChildProcess StartBound(string name, string log, string binary, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        if (!File.Exists(binary))
            throw new CommandFailure(Outcomes.ExitCode.Failed, $"{binary} is missing: 'load' starts the binary beside coordctl, and 'make build' puts them all into one folder");
        var start = new ProcessStartInfo("/bin/sh", ["-c", LaunchBound, log, binary, .. arguments]) { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        return new(name, log, Process.Start(start)!);
    }

    public Task WaitForExit(CancellationToken cancellation) => process.WaitForExitAsync(cancellation);

    /// <returns>False when it had to be killed.</returns>
    public async Task<bool> Stop(TimeSpan within)
    {
        if (process.HasExited)
            return true;
        _ = Kill(process.Id, SigTerm);
        using var limit = new CancellationTokenSource(within);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    /// <summary>The end of its log, for a child that failed.</summary>
    public string LastWords()
    {
        try
        {
            using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Seek(-Math.Min(file.Length, LogBytesRead), SeekOrigin.End);
            using var reader = new StreamReader(file);
            return string.Join('\n', reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LogLinesShown).Select(line => $"  {line}"));
        }
        catch (IOException)
        {
            return "";
        }
    }

    public void Dispose() => process.Dispose();

    // Process.Kill sends SIGKILL only.
    [DllImport("libc", EntryPoint = "kill")]
    static extern int Kill(int pid, int signal);
}
