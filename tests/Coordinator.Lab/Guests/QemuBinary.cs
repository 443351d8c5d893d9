using System.Globalization;
using System.Text.RegularExpressions;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Guests;

/// <summary>A QEMU that the lab can start: the system's, or version 10 unpacked beside it (tests/install/qemu.sh).</summary>
public sealed partial record QemuBinary(string Path, Version Version)
{
    const string Program = "qemu-system-x86_64";

    const int ModernMajor = 8;

    /// <summary>Installs what is missing, which takes some seconds the first time and some 40 ms afterwards.</summary>
    public static async Task Install(CancellationToken cancellation = default) =>
        await ExternalCommand.Run(LabFolder.Installer("qemu.sh"), [], cancellation);

    /// <summary>The one on PATH; 7.2 on Debian bookworm.</summary>
    public static Task<QemuBinary> Installed(CancellationToken cancellation = default) =>
        At((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(folder => System.IO.Path.Combine(folder, Program)).FirstOrDefault(File.Exists),
            "on PATH", cancellation);

    /// <summary>QEMU 8 or newer: the unpacked one, else the system's where that is new enough.</summary>
    /// <exception cref="LabFailure">There is none; names the command that installs it.</exception>
    public static async Task<QemuBinary> Modern(CancellationToken cancellation = default)
    {
        var unpacked = System.IO.Path.Combine(LabFolder.Cache, "qemu-10", "bin", Program);
        var found = File.Exists(unpacked) ? await At(unpacked, "", cancellation) : await Installed(cancellation);
        return found.Version.Major >= ModernMajor ? found : throw Missing($"8 or newer (found {found.Version} at {found.Path})");
    }

    public static async Task<QemuBinary> At(string? path, string place, CancellationToken cancellation = default)
    {
        if (path is null || !File.Exists(path))
            throw Missing(place);
        var text = await ExternalCommand.Run(path, ["--version"], cancellation);
        var match = VersionPattern().Match(text);
        return match.Success
            ? new(path, new(Number(match.Groups["major"]), Number(match.Groups["minor"]), Number(match.Groups["micro"])))
            : throw new LabFailure($"{path} --version said '{text.Trim()}', which names no version");
    }

    static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    static LabFailure Missing(string what) => new($"no {Program} {what}: run {LabFolder.Installer("qemu.sh")}");

    [GeneratedRegex(@"version (?<major>\d+)\.(?<minor>\d+)\.(?<micro>\d+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
