using System.Globalization;
using System.Text;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// The process that stands for a simulated guest in the process table: a shell that waits for its exit code. It carries the arguments by which agents look for a launch, and dies when nobody is left who
/// could tell it a code.
/// </summary>
internal sealed class Placeholder : IDisposable
{
    private const string Script = "read code <&3 || kill -9 $$; exit $code";

    /// <summary>Whatever else stands in the command line costs memory in every one of thousands of processes.</summary>
    private static readonly string[] s_shown = ["-name", "-uuid"];

    private readonly FileStream _code;

    private Placeholder(int pid, FileStream code, Task gone) => (Pid, _code, Gone) = (pid, code, gone);

    public int Pid { get; }

    /// <summary>It was killed, or has ended with the code that it was told.</summary>
    public Task Gone { get; }

    /// <param name="arguments">Of the guest's QEMU.</param>
    /// <param name="output">Of the process.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static Placeholder Start(IReadOnlyList<string> arguments, SafeFileHandle output)
    {
        (SafeFileHandle read, SafeFileHandle write) = LinuxProcessCalls.Pipe();
        using (read)
        {
            try
            {
                int pid = DetachedProcess.Start(["/bin/sh", "-c", Script, SimulatedProgram.Word, .. Shown(arguments)], output, read);
                using SafeFileHandle process = LinuxProcessCalls.OpenPidFd(pid) ?? throw new IOException("the placeholder of a simulated guest was gone at once");
                return new Placeholder(pid, new FileStream(write, FileAccess.Write, bufferSize: 0), ProcessExitWatch.Shared.Exited(process));
            }
            catch
            {
                write.Dispose();
                throw;
            }
        }
    }

    public void End(int exitCode)
    {
        try
        {
            _code.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{exitCode}\n")));
        }
        catch (IOException)
        {
            // Killed in this very moment.
        }
    }

    /// <summary>One that was told nothing is killed by it.</summary>
    public void Dispose() => _code.Dispose();

    private static IEnumerable<string> Shown(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i + 1 < arguments.Count; i++)
        {
            if (s_shown.Contains(arguments[i], StringComparer.Ordinal) || arguments[i + 1].EndsWith($",fd={QemuCommandLine.MonitorDescriptor},server=on,wait=off", StringComparison.Ordinal))
            {
                yield return arguments[i];
                yield return arguments[i + 1];
            }
        }
    }
}
