using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Coordinator.Agent.Qemu;

/// <summary>What the configured binaries say they are, for the list of hosts. A binary that is missing or says nothing is left out.</summary>
internal static partial class QemuVersions
{
    /// <summary>A version takes some 20 ms; on a busy machine it took seconds.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <param name="binaries">Paths.</param>
    /// <param name="limit">For all of them together; null is 5 s. A binary that has said nothing by then is ended.</param>
    public static async Task<IReadOnlyList<string>> OfAsync(IEnumerable<string> binaries, TimeSpan? limit = null)
    {
        string?[] versions = await Task.WhenAll(binaries.Distinct(StringComparer.Ordinal).Select(binary => OfAsync(binary, limit ?? s_limit)));
        return [.. versions.OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private static async Task<string?> OfAsync(string binary, TimeSpan limit)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(binary, "--version") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null)
            {
                return null;
            }

            using CancellationTokenSource late = new(limit);
            try
            {
                Match match = VersionPattern().Match(await process.StandardOutput.ReadToEndAsync(late.Token));
                return match.Success ? match.Groups["version"].Value : null;
            }
            catch (OperationCanceledException)
            {
                // Nobody waits for it any more, and nobody else would end it.
                process.Kill(entireProcessTree: true);
                return null;
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"version (?<version>[0-9]+(\.[0-9]+)*)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
