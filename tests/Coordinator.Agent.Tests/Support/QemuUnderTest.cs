namespace Coordinator.Agent.Tests.Support;

/// <summary>A real QEMU. A missing one fails the test: a skipped test of a handoff proves nothing.</summary>
public static class QemuUnderTest
{
    private const string Installed = "/usr/bin/qemu-system-x86_64";

    private static readonly string s_unpacked = Path.Combine(
        Environment.GetEnvironmentVariable("COORDINATOR_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "coordinator"),
        "qemu-10", "bin", "qemu-system-x86_64");

    /// <summary>The installed QEMU (7.2 on Debian bookworm) and QEMU 10; one and the same where the installed one is new.</summary>
    public static TheoryData<string> Versions => ["installed", "10"];

    /// <summary>The same and the simulated driver: what an agent does must not depend on which of them runs its guests.</summary>
    public static TheoryData<string> Drivers => ["installed", "10", Simulated];

    public const string Simulated = "simulated";

    public static string PathOf(string version)
    {
        if (version == Simulated)
        {
            return Simulated;
        }

        string path = version == "10" && File.Exists(s_unpacked) ? s_unpacked : Installed;
        return File.Exists(path) ? path : throw new InvalidOperationException($"no QEMU at {path}: run tests/install/qemu.sh first");
    }
}
