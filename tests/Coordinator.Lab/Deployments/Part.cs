using System.Diagnostics;
using System.Globalization;
using System.Text;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Deployments;

/// <summary>One process of a deployment, the real program: a coordinator, an agent, or what they need. It can be frozen, killed and started again with the same arguments.</summary>
/// <param name="space">Where it runs.</param>
/// <param name="name">For people.</param>
/// <param name="program">One of ours by its name, from <see cref="ProgramFolder"/>; any other by its path.</param>
/// <param name="arguments">Of the program.</param>
/// <param name="environment">Beside this process's own.</param>
/// <param name="startedBy">A command that becomes the program.</param>
public sealed class Part(
    LabNamespace space, string name, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
    IReadOnlyList<string>? startedBy = null) : IAsyncDisposable
{
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(20);

    private readonly StringBuilder _output = new();
    private Process? _process;

    public string Name { get; } = name;

    /// <summary>Where its binaries are, for tests that replace them; the test's own by default.</summary>
    public string ProgramFolder { get; set; } = AppContext.BaseDirectory;

    /// <summary>Of the life that runs now; null when none does.</summary>
    public int? Pid => IsRunning ? _process!.Id : null;

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

        IEnumerable<string> started = Path.IsPathRooted(program) ? [program] : ["dotnet", Path.Combine(ProgramFolder, program + ".dll")];
        string[] command = [.. startedBy ?? [], .. started, .. arguments];
        ProcessStartInfo start = space.Inside(command[0], command[1..]);
        start.UseShellExecute = false;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[variable] = value;
        }

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

    /// <summary>SIGTERM: it ends in order, or is killed after a while. A frozen one is thawed for it.</summary>
    public async Task EndAsync()
    {
        if (_process is not { HasExited: false } process)
        {
            return;
        }

        Signal(ProcessSignal.Terminate, "told to end");
        Signal(ProcessSignal.Thaw, "thawed");
        try
        {
            await process.WaitForExitAsync().WaitAsync(s_endLimit);
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    /// <summary>SIGSTOP: it does nothing any more and its connections stay open. Killing it works all the same.</summary>
    public void Freeze() => Signal(ProcessSignal.Freeze, "frozen");

    /// <summary>The same of a server that does its work in children: it first, so that it makes no new ones.</summary>
    public void FreezeWithChildren() => Signal(pid => WithChildren(pid, ProcessSignal.Freeze), "frozen with its children");

    /// <summary>And its children, if they were frozen too.</summary>
    public void Thaw() => Signal(pid => WithChildren(pid, ProcessSignal.Thaw), "thawed");

    public async ValueTask DisposeAsync() => await KillAsync();

    private static void WithChildren(int pid, Action<int> send)
    {
        send(pid);
        foreach (string child in File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            send(int.Parse(child, CultureInfo.InvariantCulture));
        }
    }

    private void Signal(Action<int> send, string word)
    {
        send((_process ?? throw new InvalidOperationException($"{Name} does not run")).Id);
        Note($"=== {Name} {word}");
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
