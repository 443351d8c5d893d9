using System.Diagnostics;
using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Network;
using Google.Protobuf;

namespace Coordinator.Demo;

/// <summary>The real coordctl, inside the lab's namespace, as a user runs it who has a certificate.</summary>
internal sealed class CoordctlProcess(LabNetwork network, string certificates)
{
    public static string Binary { get; } = Path.Combine(LabFolder.RepositoryRoot, "artifacts", "bin", "coordctl");

    /// <summary>With this process's own terminal, so that live progress is live.</summary>
    public async Task<int> Show(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Start(arguments, _ => { });
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    public async Task<T> Read<T>(MessageParser<T> parser, IEnumerable<string> arguments, CancellationToken cancellation)
        where T : IMessage<T>, new()
    {
        using var process = Start([.. arguments, "--output", "json"], start => start.RedirectStandardOutput = true);
        var text = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0
            ? parser.ParseJson(text)
            : throw new LabFailure(string.Create(CultureInfo.InvariantCulture, $"coordctl {string.Join(' ', arguments)} ended with {process.ExitCode}"));
    }

    public Task<Migration> Describe(CancellationToken cancellation) => Read(Migration.Parser, ["describe", "migration", DemoFiles.Vm], cancellation);

    public Process Start(IEnumerable<string> arguments, Action<ProcessStartInfo> configure)
    {
        var start = network.Inside(Binary, arguments);
        start.UseShellExecute = false;
        start.Environment["COORDCTL_TLS"] = certificates;
        configure(start);
        return Process.Start(start) ?? throw new LabFailure($"{Binary} did not start");
    }
}
