using System.Diagnostics;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Chaos;

/// <summary>A command of the plan. Its output goes to the report only when it fails: a strike that did not strike would make every round look good.</summary>
internal static class FaultCommand
{
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <exception cref="CommandFailure">It ended with another code than 0, or not at all.</exception>
    public static async Task Run(string what, string command, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec 2>&1\n{command}"]) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_limit);
        try
        {
            // What it leaves in the background may keep the output open; its own end is what counts.
            var said = process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
                throw new CommandFailure(ExitCode.Failed, $"{what} ended with {process.ExitCode}: {Shown(await said)}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new CommandFailure(ExitCode.Failed, $"{what} did not end within {s_limit.TotalSeconds:0} s");
        }
    }

    static string Shown(string said) => said.Trim() is { Length: > 0 } text ? text.Length <= 500 ? text : text[..500] + "..." : "it said nothing";
}
