using System.Diagnostics;
using Coordinator.Lab;
using Coordinator.Lab.Processes;

namespace Coordinator.Demo;

/// <summary><c>coordctl up</c> in the background: a coordinator and an agent per host.</summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    const string LastLineOfStart = "Ctrl-C stops";
    static readonly TimeSpan s_startWithin = TimeSpan.FromSeconds(90);
    static readonly TimeSpan s_stopWithin = TimeSpan.FromSeconds(40);

    readonly Process process;
    readonly Narrator narrator;
    readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Task relaying;

    DemoCluster(Process process, Narrator narrator)
    {
        this.process = process;
        this.narrator = narrator;
        relaying = Relay();
    }

    /// <exception cref="LabFailure">It ended; its own words have been shown.</exception>
    public static async Task<DemoCluster> Start(CoordctlProcess coordctl, IEnumerable<string> arguments, Narrator narrator, CancellationToken cancellation)
    {
        var cluster = new DemoCluster(coordctl.Start(["up", .. arguments], start => start.RedirectStandardOutput = true), narrator);
        try
        {
            return await cluster.ready.Task.WaitAsync(s_startWithin, cancellation)
                ? cluster
                : throw new LabFailure("coordctl up ended before everything was up");
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    // Also what it says later, such as that a part had to be started again.
    async Task Relay()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            narrator.Say($"   {line}");
            if (line.StartsWith(LastLineOfStart, StringComparison.Ordinal))
                ready.TrySetResult(true);
        }
        ready.TrySetResult(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await ExternalCommand.Try("kill", ["-TERM", $"{process.Id}"]);
        using var limit = new CancellationTokenSource(s_stopWithin);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }
        await relaying;
        process.Dispose();
    }
}
