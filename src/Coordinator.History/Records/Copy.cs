using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>
/// One copy of a VM: one QEMU process on one host. <paramref name="Process"/> is the launch id in 32 hexadecimal digits where the writer knows it, which is what
/// lets a record by an agent and one by an outside observer speak of the same copy.
/// </summary>
public sealed record Copy(HostName Host, string Process)
{
    public static Copy OfLaunch(HostName host, LaunchId launch) => new(host, launch.Value.ToString("N"));

    /// <summary>For a process that nobody gave a launch id.</summary>
    public static Copy OfPid(HostName host, int pid) => new(host, "pid-" + pid.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public override string ToString() => $"copy {(Process.Length == 32 ? Process[..8] : Process)} on {Host}";
}
