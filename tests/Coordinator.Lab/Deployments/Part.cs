using System.Diagnostics;
using System.Text;
using Coordinator.Lab.Network;

namespace Coordinator.Lab.Deployments;

/// <summary>One process of a deployment, the real program: a coordinator or an agent. It can be killed and started again with the same arguments.</summary>
public sealed class Part(LabNetwork network, string name, string program, IReadOnlyList<string> arguments) : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private Process? _process;

    public string Name { get; } = name;

    public bool IsRunning => _process is { HasExited: false };

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public void Start()
    {
        if (IsRunning)
        {
            return;
        }

        ProcessStartInfo start = network.Inside("dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments]);
        start.UseShellExecute = false;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        Note($"=== {Name} starts");
        _process?.Dispose();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>SIGKILL: nothing is said goodbye to.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            Note($"=== {Name} killed");
        }
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private void Note(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
