using System.Globalization;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Guests;

/// <summary>A QEMU as the kernel shows it, whatever agents and coordinators believe.</summary>
public sealed record RunningQemu(ProcessIdentity Identity, string Arguments)
{
    /// <summary>Every QEMU on this machine that was launched by an agent for a guest of this name.</summary>
    public static IReadOnlyList<RunningQemu> OfGuest(string vm) =>
        [.. Directory.GetDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => name.All(char.IsAsciiDigit)).Select(Read).OfType<RunningQemu>()
            .Where(qemu => qemu.Arguments.Contains($"guest={vm},process=", StringComparison.Ordinal))];

    private static RunningQemu? Read(string pid)
    {
        try
        {
            string arguments = File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
            return ProcessIdentity.Of(int.Parse(pid, CultureInfo.InvariantCulture)) is { } identity ? new RunningQemu(identity, arguments) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
