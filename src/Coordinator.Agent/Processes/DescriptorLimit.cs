using System.Runtime.InteropServices;

namespace Coordinator.Agent.Processes;

/// <summary>How many files and sockets this process may have open. .NET raises the soft limit to the hard one at its start; a process of thousands of guests needs more.</summary>
internal static partial class DescriptorLimit
{
    private const int OpenFiles = 7;
    private const ulong Wanted = 1_048_576;

    /// <summary>Without the right to do so (CAP_SYS_RESOURCE) all stays as it is.</summary>
    public static void TryRaise()
    {
        Limit wanted = new() { Soft = Wanted, Hard = Wanted };
        _ = Set(OpenFiles, ref wanted);
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, ref Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
