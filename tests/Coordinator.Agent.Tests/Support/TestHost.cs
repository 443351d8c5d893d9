using System.Diagnostics;
using System.Globalization;
using System.Text;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Coordinator.Failpoints;
using Microsoft.Extensions.Logging;

namespace Coordinator.Agent.Tests.Support;

/// <summary>One hypervisor host of a test: directories, configuration, and the agent, in this process or in one of its own that can be killed.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _yaml;
    private readonly StringBuilder _output = new();
    private Process? _process;

    public TestHost(string name, string directory, string coordinator, string qemu, string? variables = null, string? tls = null)
    {
        Name = name;
        StateDirectory = Path.Combine(directory, name, "state");
        RunDirectory = Path.Combine(directory, name, "run");
        Directory.CreateDirectory(RunDirectory);
        ConfigurationPath = Path.Combine(directory, name, "host.yaml");
        _yaml = string.Create(CultureInfo.InvariantCulture, $"""
            hostId: {name}
            stateDirectory: {StateDirectory}
            runDirectory: {RunDirectory}
            coordinators: ["{coordinator}"]
            handoff:
              listen: 127.0.0.1:0
            migrationStream:
              listen: 127.0.0.1:0
            driver: {(qemu == QemuUnderTest.Simulated ? "simulated" : "qemu")}
            qemu:
              default: {(qemu == QemuUnderTest.Simulated ? "/nonexistent/qemu" : qemu)}
              scope: never
            memoryReserveMiB: 0
            """) + (tls is null ? "" : $"\ntls: {{ certificate: {tls}/certificate.pem, key: {tls}/key.pem, authorities: {tls}/authorities.pem, revoked: {tls}/revoked.pem }}") + (variables is null ? "" : $"\nvariables:\n{variables}") + "\n";
        File.WriteAllText(ConfigurationPath, _yaml);
    }

    public string Name { get; }

    public string StateDirectory { get; }

    public string RunDirectory { get; }

    public string ConfigurationPath { get; }

    private string Failpoints => Path.Combine(Path.GetDirectoryName(ConfigurationPath)!, "failpoints");

    public AgentHost? Agent { get; private set; }

    public Process? Process => _process;

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

    public async Task StartHereAsync() =>
        Agent = await AgentHost.StartAsync(HostConfiguration.Parse(_yaml, "host.yaml"), logging => logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning).AddProvider(new CollectingLoggers(Note)));

    public async Task StopHereAsync()
    {
        if (Agent is { } agent)
        {
            Agent = null;
            await agent.DisposeAsync();
        }
    }

    /// <summary>The real program, so that it can be killed at any moment.</summary>
    public void StartProcess()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll");
        ProcessStartInfo start = new("dotnet", [program, "--config", ConfigurationPath]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        Directory.CreateDirectory(Failpoints);
        start.Environment[Failpoint.Variable] = Failpoints;
        _process = System.Diagnostics.Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The agent's process stops itself (SIGSTOP) when it comes to this place, until <see cref="GoOn"/> or the next life.</summary>
    public void StopAt(string failpoint) => File.WriteAllText(FailpointPath(failpoint), "stop");

    public void GoOn()
    {
        DeleteFailpoints();
        Disturbance.Thaw(_process!.Id);
    }

    /// <summary>The agent's process goes on, and stands still again at this place.</summary>
    public async Task GoOnUntilAsync(string failpoint)
    {
        DeleteFailpoints();
        StopAt(failpoint);
        Disturbance.Thaw(_process!.Id);
        await StoppedAtAsync(failpoint);
    }

    /// <summary>The hit is noted before the process stops itself; a SIGCONT in between would be lost.</summary>
    public Task StoppedAtAsync(string failpoint)
    {
        string hits = Path.Combine(Failpoints, "hits.log");
        string state = $"/proc/{_process!.Id}/stat";
        return Eventually.TrueAsync(
            () => File.Exists(hits) && File.ReadAllText(hits).Contains($" {failpoint} ", StringComparison.Ordinal) && File.ReadAllText(state).Contains(") T ", StringComparison.Ordinal),
            () => $"{Name} stops at {failpoint}\n{Output}");
    }

    /// <summary>Its next life stops nowhere.</summary>
    public async Task KillProcessAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            DeleteFailpoints();
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>Every QEMU that was launched with this host's monitor directory, whoever remembers it.</summary>
    public async Task KillGuestsAsync()
    {
        string monitors = Path.Combine(RunDirectory, "qmp");
        foreach (string socket in Directory.Exists(monitors) ? Directory.GetFiles(monitors) : [])
        {
            foreach (QemuProcessIdentity identity in QemuLauncher.FindLaunch(Path.GetFileName(socket)))
            {
                await QemuProcess.KillAsync(identity, TimeSpan.FromSeconds(10));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopHereAsync();
        await KillProcessAsync();
        await KillGuestsAsync();
    }

    private string FailpointPath(string failpoint) => FailpointCatalogue.All.ContainsKey(failpoint)
        ? Path.Combine(Failpoints, failpoint)
        : throw new ArgumentException($"there is no failpoint {failpoint}", nameof(failpoint));

    private void DeleteFailpoints()
    {
        foreach (string failpoint in FailpointCatalogue.All.Keys)
        {
            File.Delete(Path.Combine(Failpoints, failpoint));
        }
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private sealed class CollectingLoggers(Action<string> note) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            note($"{DateTimeOffset.UtcNow:HH:mm:ss.ffffff} {logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
