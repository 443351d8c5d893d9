using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>
/// The QEMUs that these tests talk to: the system's, and a recent one (8 or later), which is the system's again where that is recent and
/// else the one that <c>make test</c> unpacks beside it. A missing one fails the test: a client proven only against fakes is not proven.
/// </summary>
static partial class QemuBinary
{
    public const string System = "system";
    public const string Recent = "recent";

    public static TheoryData<string> Both => [System, Recent];

    public static string Find(string which)
    {
        var system = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(static directory => Path.Combine(directory, "qemu-system-x86_64")).FirstOrDefault(File.Exists);
        Assert.True(
            system is not null,
            "qemu-system-x86_64 is not on PATH. These tests talk to a real QEMU and do not pass without: apt-get install qemu-system-x86, or make test.");
        if (which == System || MajorVersion(system!) >= 8)
            return system!;
        var cache = Environment.GetEnvironmentVariable("COORDINATOR_CACHE")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "coordinator");
        var unpacked = Path.Combine(cache, "qemu-10", "bin", "qemu-system-x86_64");
        Assert.True(
            File.Exists(unpacked),
            $"The system's QEMU is older than 8 and there is none at {unpacked}. Both versions are tested: run tests/install/qemu.sh, or make test.");
        return unpacked;
    }

    static int MajorVersion(string binary)
    {
        using var process = Process.Start(new ProcessStartInfo(binary, "--version") { UseShellExecute = false, RedirectStandardOutput = true })!;
        var version = VersionPattern().Match(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return int.Parse(version.Groups["major"].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"version (?<major>[0-9]+)\.", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
