using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Coordinator.Load;

/// <summary>
/// One of our programs as a process that ends with this one, however this one ends: a shell that waits for the end of its input kills it then. In a session of its own, so that Ctrl-C leaves it to whoever
/// takes the laboratory down.
/// </summary>
internal sealed class GuardedProcess : IDisposable
{
    // The pid is told on a line of its own, since a signal must reach the program and not the shell.
    private const string Guard = """
        exec 3<&0
        "$@" >>"$0" 2>&1 </dev/null &
        program=$!
        echo "$program"
        { cat <&3 >/dev/null; kill -9 "$program" 2>/dev/null; } >/dev/null 2>&1 &
        guard=$!
        wait "$program"
        code=$?
        kill "$guard" 2>/dev/null
        exit "$code"
        """;

    private static readonly TimeSpan s_endWithin = TimeSpan.FromSeconds(20);

    private readonly Process _guard;

    private GuardedProcess(Process guard, int pid) => (_guard, Pid) = (guard, pid);

    public int Pid { get; }

    public bool HasExited => _guard.HasExited;

    public int ExitCode => _guard.ExitCode;

    /// <param name="program">A dll beside this one.</param>
    /// <param name="arguments">Of the program.</param>
    /// <param name="log">Takes all that it says.</param>
    public static GuardedProcess Start(string program, IEnumerable<string> arguments, string log)
    {
        string[] command = ["setsid", "sh", "-c", Guard, log, "dotnet", Path.Combine(AppContext.BaseDirectory, program), .. arguments];
        Process guard = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        return new GuardedProcess(guard, int.Parse(guard.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture));
    }

    public static string Tail(string log) => File.Exists(log)
        ? string.Join('\n', File.ReadLines(log, Encoding.UTF8).TakeLast(20))
        : "";

    public Task WaitAsync(CancellationToken cancellation) => _guard.WaitForExitAsync(cancellation);

    /// <summary>SIGTERM, and SIGKILL for what does not end.</summary>
    public async Task EndAsync()
    {
        if (HasExited)
        {
            return;
        }

        using Process told = Process.Start("kill", ["-TERM", Pid.ToString(CultureInfo.InvariantCulture)]);
        await told.WaitForExitAsync();
        try
        {
            await _guard.WaitForExitAsync().WaitAsync(s_endWithin);
        }
        catch (TimeoutException)
        {
            _guard.StandardInput.Close();
            await _guard.WaitForExitAsync();
        }
    }

    /// <summary>Kills what still runs.</summary>
    public void Dispose()
    {
        _guard.StandardInput.Close();
        _guard.Dispose();
    }
}
