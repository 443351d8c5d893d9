using System.Globalization;
using Coordinator.Lab;
using Coordinator.Lab.Processes;

namespace Coordinator.Chaos.Cluster;

/// <summary>
/// The time at which one process lives, by libfaketime: that of the machine, or as far beside it as the test says, from one second to the next. What counts elapsed time
/// (CLOCK_MONOTONIC) goes on as it does when somebody sets a machine's clock.
/// </summary>
internal sealed class LocalClock
{
    private readonly string _file;

    /// <param name="file">Is written to; whoever runs the process must be able to read it.</param>
    public LocalClock(string file)
    {
        _file = file;
        Set(TimeSpan.Zero);
    }

    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",

        // Else each timed wait of .NET's, which counts by the monotonic clock, is over at once: an idle agent takes a whole core (measured, 0.9.10 on glibc 2.36).
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    private static string Library => Directory.GetDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        ?? throw new LabFailure("libfaketime is not there: run tests/install/faketime.sh");

    public static Task InstallAsync() => ExternalCommand.Run(LabFolder.Installer("faketime.sh"), []);

    /// <summary>Removes what libfaketime leaves in shared memory of processes that were killed.</summary>
    public static void Sweep()
    {
        foreach (string left in Directory.EnumerateFiles("/dev/shm", "*faketime_s*_*"))
        {
            if (!Directory.Exists($"/proc/{left[(left.LastIndexOf('_') + 1)..]}"))
            {
                File.Delete(left);
            }
        }
    }

    /// <param name="beside">Whole seconds; negative for the past.</param>
    public void Set(TimeSpan beside)
    {
        // Whole when it is read.
        string next = _file + ".next";
        File.WriteAllText(next, beside.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture) + "\n");
        File.Move(next, _file, overwrite: true);
    }
}
