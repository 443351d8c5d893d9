namespace Coordinator.Lab.Observers;

/// <summary>From a RESUME to a STOP of one QEMU, both by its own clock, or to its death. <paramref name="To"/> is null while it runs.</summary>
public sealed record GuestRun(string Host, int Pid, DateTimeOffset From, DateTimeOffset? To)
{
    public override string ToString() => $"{Host}/{Pid} {From:HH:mm:ss.ffffff}..{To:HH:mm:ss.ffffff}";
}
