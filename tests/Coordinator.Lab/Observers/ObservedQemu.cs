using System.Globalization;
using Coordinator.History;

namespace Coordinator.Lab.Observers;

/// <summary>
/// A program that becomes the real QEMU with one monitor more, on which an outside observer sits. Given to an agent as its QEMU binary, so that nothing in the agent knows of it.
/// </summary>
public static class ObservedQemu
{
    /// <summary>What the monitors of observed QEMUs are called, behind their launch id.</summary>
    public const string SocketExtension = ".observer";

    /// <param name="real">The binary that it becomes.</param>
    /// <param name="folder">Gets the program, and a socket for each QEMU. Its path must leave room for 47 bytes: Linux allows 107 for a socket's.</param>
    /// <returns>Path of the program.</returns>
    public static string Install(string real, string folder)
    {
        string program = Path.Combine(Directory.CreateDirectory(folder).FullName, "observed-qemu");
        // wait=on: the QEMU does nothing before the observer is there, so no event is ever missed. Same process: the shell is replaced.
        File.WriteAllText(program, $$"""
            #!/bin/sh
            launch= role=
            for argument in "$@"; do
                case $argument in
                    -incoming) role=incoming ;;
                    socket,id=coordinator-*,fd=3,*) launch=${argument#socket,id=coordinator-} launch=${launch%%,*} ;;
                esac
            done
            # An agent may live at another time (libfaketime); what QEMU says of time is the machine's.
            unset LD_PRELOAD
            [ -n "$launch" ] || exec '{{real}}' "$@"
            echo $$ $role > '{{folder}}/'"$launch"
            exec '{{real}}' "$@" -chardev "socket,id=observer,path={{folder}}/$launch{{SocketExtension}},server=on,wait=on" -mon chardev=observer,mode=control

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    /// <summary>What the program that became the QEMU with this socket left behind before it did; null when it did not.</summary>
    internal static LaunchTrace? TraceOf(string socket)
    {
        FileInfo trace = new(Path.ChangeExtension(socket, null));
        string[] words = trace.Exists ? File.ReadAllText(trace.FullName).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];
        return words.Length > 0 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            ? new LaunchTrace(pid, words.Contains("incoming"), HistoryClock.Micros(new DateTimeOffset(trace.LastWriteTimeUtc)))
            : null;
    }
}

/// <param name="Pid">Of the program, and of the QEMU.</param>
/// <param name="Incoming">By its command line: what it says of itself changes as soon as its guest has arrived.</param>
/// <param name="AtMicros">When the program ran.</param>
internal sealed record LaunchTrace(int Pid, bool Incoming, long AtMicros);
