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
            launch=
            for argument in "$@"; do
                case $argument in
                    socket,id=coordinator-*,fd=3,*) launch=${argument#socket,id=coordinator-} launch=${launch%%,*} ;;
                esac
            done
            [ -n "$launch" ] || exec '{{real}}' "$@"
            echo $$ > '{{folder}}/'"$launch"
            exec '{{real}}' "$@" -chardev "socket,id=observer,path={{folder}}/$launch{{SocketExtension}},server=on,wait=on" -mon chardev=observer,mode=control

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    /// <summary>When the program that became this QEMU ran; null when it left no trace.</summary>
    internal static long? LaunchedMicros(string socket)
    {
        FileInfo trace = new(Path.ChangeExtension(socket, null));
        return trace.Exists ? HistoryClock.Micros(new DateTimeOffset(trace.LastWriteTimeUtc)) : null;
    }

    /// <summary>Of the QEMU with this socket; 0 when it was never written.</summary>
    internal static int PidOf(string socket) =>
        int.TryParse(File.Exists(Path.ChangeExtension(socket, null)) ? File.ReadAllText(Path.ChangeExtension(socket, null)) : "", NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int pid) ? pid : 0;
}
