using System.Diagnostics;
using System.Text.Json;

namespace Coordinator.Load;

/// <summary><c>coordctl load</c> as a process, as its users have it, and its report.</summary>
internal static class Coordctl
{
    /// <param name="arguments">Behind <c>load</c>.</param>
    /// <param name="servers">Of the cluster.</param>
    /// <param name="say">Takes what it says on the way, line by line.</param>
    /// <param name="cancellation">Interrupts it; it then ends what it has started.</param>
    /// <returns>The exit code and the report; without one what it said says why.</returns>
    public static async Task<(int ExitCode, JsonElement? Report)> LoadAsync(IEnumerable<string> arguments, string servers, Action<string> say, CancellationToken cancellation)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "coordctl.dll"), "--server", servers, "load", "--output", "json", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += (_, line) => say(line.Data ?? "");
        process.BeginErrorReadLine();
        await using CancellationTokenRegistration interrupted = cancellation.Register(() => Process.Start("kill", ["-INT", $"{process.Id}"]).Dispose());
        string output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, output.Length > 0 ? JsonDocument.Parse(output).RootElement : null);
    }
}
