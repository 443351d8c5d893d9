using System.Diagnostics;

namespace Coordinator.Lab.Processes;

/// <summary>A short command of the system, run to its end.</summary>
public static class ExternalCommand
{
    /// <returns>Standard output.</returns>
    /// <exception cref="LabFailure">Not found, or exit code other than 0; carries what the command said.</exception>
    public static async Task<string> Run(string file, IEnumerable<string> arguments, CancellationToken cancellation = default)
    {
        var (exitCode, output, error) = await Try(file, arguments, cancellation);
        return exitCode == 0
            ? output
            : throw new LabFailure($"{Path.GetFileName(file)} {string.Join(' ', arguments)} ended with {exitCode}: {(error.Length > 0 ? error : output).Trim()}");
    }

    public static async Task<(int ExitCode, string Output, string Error)> Try(string file, IEnumerable<string> arguments, CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        using var process = Begin(start);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, await output, await error);
    }

    internal static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new LabFailure($"{start.FileName} did not start");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new LabFailure($"{start.FileName} cannot be started: {error.Message}", error);
        }
    }
}
