namespace Coordinator.Agent.Processes;

public enum LaunchFault
{
    /// <summary>No runnable file at the path of the binary.</summary>
    NoBinary,

    /// <summary>QEMU ended before its monitor answered.</summary>
    Exited,

    /// <summary>QEMU ran but its monitor did not answer; it was killed.</summary>
    TimedOut,

    /// <summary>The operating system refused something on the way.</summary>
    Refused,
}

/// <summary>No QEMU runs after this, unless the sentence says that one could not be proven gone.</summary>
public sealed class QemuLaunchException(LaunchFault fault, string sentence, string? logTail, Exception? inner = null) : Exception(sentence, inner)
{
    public LaunchFault Fault { get; } = fault;

    /// <summary>The last lines that QEMU wrote; null when it never ran.</summary>
    public string? LogTail { get; } = logTail;
}
