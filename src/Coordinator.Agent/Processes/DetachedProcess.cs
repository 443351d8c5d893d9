using System.Runtime.InteropServices;
using Coordinator.Agent.Definitions;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>
/// Starts a program that does not depend on this process: its own session, no stdin, output to an open file, no other descriptor, default signals,
/// umask 077, directory <c>/</c>.
/// System.Diagnostics.Process offers none of these. The umask and the directory are set by a shell that then becomes the program (same pid), because
/// both belong to the whole process and the agent has many threads.
/// </summary>
internal static partial class DetachedProcess
{
    private const string Shell = "/bin/sh";
    private const string Script = "cd / && umask 077 && exec \"$@\"";

    // POSIX_SPAWN_SETSIGDEF, SETSIGMASK, SETSID of glibc's and musl's spawn.h. .NET ignores SIGPIPE and blocks nothing, but both survive exec, so
    // they are set and not assumed.
    private const short SpawnFlags = 0x04 | 0x08 | 0x80;

    // Larger than posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) of any C library.
    private const int OpaqueBytes = 1024;
    private const int SignalSetBytes = 128;

    // Nothing else: the agent's environment holds settings and perhaps secrets of .NET and of the coordinator, and QEMU's is readable in /proc.
    private static readonly string[] PassedOn =
        ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LD_LIBRARY_PATH"];

    /// <returns>The pid, which is that of the program after its exec.</returns>
    public static int Start(IReadOnlyList<string> command, SafeFileHandle output, SafeFileHandle monitor)
    {
        string?[] arguments = [Shell, "-c", Script, "coordinator-launch", .. AgentPriority.Restored, .. command, null];
        string?[] environment = [.. PassedOn.Select(name => (name, Value: Environment.GetEnvironmentVariable(name)))
            .Where(variable => variable.Value is not null).Select(variable => $"{variable.name}={variable.Value}"), null];
        var attributes = Marshal.AllocHGlobal(OpaqueBytes);
        var actions = Marshal.AllocHGlobal(OpaqueBytes);
        var signals = Marshal.AllocHGlobal(SignalSetBytes);
        try
        {
            Require(AttributesInit(attributes));
            Require(ActionsInit(actions));
            try
            {
                SetSignals(attributes, signals);
                Require(SetFlags(attributes, SpawnFlags));
                Require(AddOpen(actions, 0, "/dev/null", 0, 0));
                return LinuxProcessCalls.WithDescriptor(output, log => LinuxProcessCalls.WithDescriptor(monitor, listener =>
                {
                    Redirect(actions, log, listener);
                    Require(Spawn(out var pid, Shell, actions, attributes, arguments, environment));
                    return pid;
                }));
            }
            finally
            {
                _ = ActionsDestroy(actions);
                _ = AttributesDestroy(attributes);
            }
        }
        finally
        {
            Marshal.FreeHGlobal(signals);
            Marshal.FreeHGlobal(actions);
            Marshal.FreeHGlobal(attributes);
        }
    }

    private static void SetSignals(nint attributes, nint signals)
    {
        _ = FillSignals(signals);
        Require(SetDefaultSignals(attributes, signals));
        _ = EmptySignals(signals);
        Require(SetSignalMask(attributes, signals));
    }

    private static void Redirect(nint actions, int log, int listener)
    {
        // The actions run in order; a source below its own destination would be overwritten before it is used. 0-2 are always open in the agent.
        if (log <= 2 || listener <= 2)
        {
            throw new IOException("the agent runs without stdin, stdout or stderr; start it with all three open.");
        }

        Require(AddDuplicate(actions, log, 1));
        Require(AddDuplicate(actions, log, 2));
        Require(AddDuplicate(actions, listener, QemuCommandLine.MonitorDescriptor));
        try
        {
            Require(AddCloseFrom(actions, QemuCommandLine.MonitorDescriptor + 1));
        }
        catch (EntryPointNotFoundException)
        {
            // glibc before 2.34, musl: everything the agent opens is close-on-exec anyway; only what it inherited itself could leak.
        }
    }

    private static void Require(int error)
    {
        if (error != 0)
        {
            throw new IOException($"the process cannot be started: {LinuxProcessCalls.Explain(error)}");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, nint actions, nint attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(nint attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaultSignals(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetSignalMask(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int ActionsDestroy(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(nint actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(nint actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(nint actions, int first);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(nint signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int EmptySignals(nint signals);
}
