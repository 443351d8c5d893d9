using System.Diagnostics;
using System.Text.Json;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;
using Coordinator.LabPeer;

namespace Coordinator.Lab.Evidence;

/// <summary>The guest's counterpart (<c>Coordinator.LabPeer</c>), running inside the lab's namespace as a process of its own: sockets belong to the namespace of the thread that made them.</summary>
public sealed class PeerProcess : IAsyncDisposable
{
    static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    readonly Process process;
    readonly SemaphoreSlim turn = new(1, 1);

    PeerProcess(Process process) => this.process = process;

    /// <exception cref="LabFailure">It did not start; says why.</exception>
    public static async Task<PeerProcess> Start(LabNetwork network, PeerOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        var program = typeof(PeerOptions).Assembly.Location;
        var start = network.Inside(DotnetHost(), program, JsonSerializer.Serialize(options, PeerJson.Default.PeerOptions));
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        start.UseShellExecute = false;
        var peer = new PeerProcess(ExternalCommand.Begin(start));
        try
        {
            // Its clock readings are the evidence; on a machine full of builds it must not wait for the CPU behind them.
            await ExternalCommand.Try("renice", ["-n", "-10", "-p", $"{peer.process.Id}"], cancellation);
            var greeting = await peer.Read(cancellation);
            return greeting.Kind == PeerMessage.Ready ? peer : throw new LabFailure($"the lab's peer did not start: {greeting.Error}");
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public async Task<PeerReport> Report(CancellationToken cancellation = default)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            await process.StandardInput.WriteLineAsync("report".AsMemory(), cancellation);
            await process.StandardInput.FlushAsync(cancellation);
            var answer = await Read(cancellation);
            return answer.Report ?? throw new LabFailure($"the lab's peer answered '{answer.Kind}': {answer.Error}");
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        turn.Dispose();
    }

    async Task<PeerMessage> Read(CancellationToken cancellation)
    {
        var line = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(AnswerLimit, cancellation);
        return line is null
            ? throw new LabFailure("the lab's peer ended")
            : JsonSerializer.Deserialize(line, PeerJson.Default.PeerMessage) ?? throw new LabFailure($"the lab's peer said '{line}'");
    }

    // `ip netns exec` looks programs up on PATH; the host that runs this very process is known to exist.
    static string DotnetHost() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath!
        : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : "dotnet";
}
