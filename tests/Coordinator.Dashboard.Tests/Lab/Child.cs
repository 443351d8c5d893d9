using System.Diagnostics;
using System.Text;

namespace Coordinator.Dashboard.Tests.Lab;

/// <summary>
/// A real coordinator or agent. Killed with SIGKILL, started again with the same arguments. One that ends by itself is started again at once, as its supervisor would: on a machine under load a
/// node may be put out by the others.
/// </summary>
internal sealed class Child(string name, string program, IReadOnlyList<string> arguments)
{
    private readonly StringBuilder _said = new();
    private volatile Process? _process;

    public string Name { get; } = name;

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    public void Start()
    {
        ProcessStartInfo start = new("dotnet", [program, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        Process process = new() { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) =>
        {
            if (ReferenceEquals(_process, process))
            {
                Start();
            }
        };
        _process = process;
        process.Start();
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
