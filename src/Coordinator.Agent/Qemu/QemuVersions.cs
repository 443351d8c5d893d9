using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Coordinator.Agent.Qemu;

/// <summary>What the configured binaries say they are, for the list of hosts. A binary that is missing or says nothing is left out.</summary>
internal static partial class QemuVersions
{
    public static async Task<IReadOnlyList<string>> OfAsync(IEnumerable<string> binaries)
    {
        string?[] versions = await Task.WhenAll(binaries.Distinct(StringComparer.Ordinal).Select(OfAsync));
        return [.. versions.OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private static async Task<string?> OfAsync(string binary)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(binary, "--version") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null)
            {
                return null;
            }

            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
            Match match = VersionPattern().Match(await process.StandardOutput.ReadToEndAsync(limit.Token));
            return match.Success ? match.Groups["version"].Value : null;
        }
        catch (Exception e) when (e is Win32Exception or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"version (?<version>[0-9]+(\.[0-9]+)*)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
