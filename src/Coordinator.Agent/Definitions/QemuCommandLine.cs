using System.Globalization;
using System.Text.RegularExpressions;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// Everything needed to launch one QEMU. The monitor is an open listening socket that the launcher passes as descriptor <see
/// cref="MonitorDescriptor"/>.
/// </summary>
public sealed partial record QemuCommandLine(
    string VmName,
    string LaunchId,
    LaunchRole Role,
    string Binary,
    IReadOnlyList<string> Arguments,
    string QmpSocketPath,
    string RunDirectory,
    string StateDirectory,
    MemoryNeed Memory)
{
    /// <summary>A launch id is part of a socket path and of a QEMU object id: <c>[a-z0-9-]</c>, a guid fits.</summary>
    public const int LaunchIdCharactersAtMost = 36;

    /// <summary>The first descriptor behind stdin, stdout and stderr.</summary>
    public const int MonitorDescriptor = 3;

    /// <summary>
    /// Monitors besides the first one: each holds one command that QEMU has read already when it is needed (<see cref="Qemu.StandbyMonitors"/>). 13 questions serve one network
    /// card of four queue pairs. One that nobody is connected to costs QEMU nothing.
    /// </summary>
    public const int StandbyMonitorCount = 14;

    /// <summary>Begins the ids of the agent's own objects in QEMU.</summary>
    public const string ReservedIdPrefix = "coordinator-";

    /// <summary>stdout and stderr of QEMU. Kept with the state: it is read after a host died.</summary>
    public string LogPath => Path.Combine(StateDirectory, $"qemu-{LaunchId}.log");

    /// <summary>The argument that carries the launch id, visible in /proc: a QEMU whose pid was not recorded before the agent died is found by it.</summary>
    public static string MonitorArgument(string launchId) =>
        $"socket,id={ReservedIdPrefix}{launchId},fd={MonitorDescriptor},server=on,wait=off";

    /// <summary>Where the standby monitors of the QEMU with this monitor listen, if it has any.</summary>
    public static IEnumerable<string> StandbySocketsOf(string qmpSocketPath) =>
        Enumerable.Range(1, StandbyMonitorCount).Select(number => string.Create(CultureInfo.InvariantCulture, $"{qmpSocketPath}.{number}"));

    public static bool IsLaunchId(string text) => LaunchIdPattern().IsMatch(text);

    /// <summary>For people and logs; not runnable as it is, because descriptor 3 must be a listening socket.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Binary).Select(Quote));

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_=.,:/+@%".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[a-z0-9-]{1,36}\z", RegexOptions.NonBacktracking)]
    private static partial Regex LaunchIdPattern();
}
