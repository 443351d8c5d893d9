using System.Diagnostics;
using System.Text;

namespace Coordinator.Actors.Tests.Rolling;

/// <summary>
/// A real coordinator or agent under a supervisor that does as the shipped units say: what ends by itself is started again a second later, unless it was told to leave. (On a machine under load a start
/// may fail: the database does not answer in time.)
/// </summary>
internal sealed class RollingProcess(string name, string program, IReadOnlyList<string> arguments) : IAsyncDisposable
{
    private const int LogCharactersShown = 6_000;
    private static readonly TimeSpan s_restartAfter = TimeSpan.FromSeconds(1);

    private readonly StringBuilder _said = new();
    private readonly CancellationTokenSource _over = new();
    private Task<bool> _life = Task.FromResult(true);

    public string Name { get; } = name;

    /// <summary>The end of it.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString(Math.Max(0, _said.Length - LogCharactersShown), Math.Min(_said.Length, LogCharactersShown));
            }
        }
    }

    public void Start() => _life = Task.Run(Supervise);

    /// <summary>It has left, and is not started again.</summary>
    public async Task HasLeft(TimeSpan within) => Assert.True(await _life.WaitAsync(within), $"{Name} was ended");

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _life;
        _over.Dispose();
    }

    /// <returns>False when the test ended it.</returns>
    private async Task<bool> Supervise()
    {
        while (true)
        {
            using Process process = Launch();
            try
            {
                await process.WaitForExitAsync(_over.Token);
                if (process.ExitCode == Coordinator.Server.Hosting.NodeExit.ToldToLeave)
                {
                    return true;
                }

                Note($"ended with {process.ExitCode} and is started again");
                await Eventually.Lasts(s_restartAfter, _over.Token);
            }
            catch (OperationCanceledException)
            {
                if (!process.HasExited)
                {
                    process.Kill();
                    await process.WaitForExitAsync();
                }

                return false;
            }
        }
    }

    private Process Launch()
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
