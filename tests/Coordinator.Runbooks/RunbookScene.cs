using System.Diagnostics;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Processes;
using Xunit.Abstractions;

namespace Coordinator.Runbooks;

/// <summary>
/// A real deployment with a real guest, in which a page's commands are executed as they stand there. The guest writes a count on each host it runs on, so that it can be told from outside whether
/// it ever stopped for long, ran twice or lost a step.
/// </summary>
internal sealed class RunbookScene : IAsyncDisposable
{
    private static readonly TimeSpan s_repeatLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_commandLimit = TimeSpan.FromMinutes(3);

    private readonly Runbook _runbook;
    private readonly ITestOutputHelper _output;
    private readonly Units _units;
    private readonly TickWatch _ticks;
    private readonly Dictionary<string, string> _names;
    private readonly HashSet<RunbookBlock> _executed = [];
    private readonly double _load = MachineLoad.PerCore;

    private RunbookScene(Runbook runbook, ITestOutputHelper output, Deployment deployment, TickConsole console, VirtualMachine started, string tools)
    {
        (_runbook, _output, Deployment, Console, Started) = (runbook, output, deployment, console, started);
        _units = Units.In(tools, deployment);
        _ticks = new TickWatch(() => console.LastTick);
        _names = new(StringComparer.Ordinal)
        {
            ["VM"] = SlowGuest.Name,
            ["SOURCE"] = Deployment.Alpha,
            ["DESTINATION"] = Deployment.Beta,
            ["HOST"] = Deployment.Alpha,
            ["OTHER"] = Deployment.Beta,
            ["DATA"] = Path.Combine(deployment.Folder, "journal"),
            ["BACKUP"] = Path.Combine(deployment.Folder, "journal-backup.db"),
            ["STATE"] = Path.Combine(deployment.Folder, Deployment.Alpha, "state"),
            ["DEFINITION"] = Path.Combine(deployment.Folder, "definition.yaml"),
            ["ME"] = "ann",
            ["PLAN"] = Path.Combine(deployment.Folder, "plan.yaml"),
            ["HISTORY"] = deployment.Recording?.Directory ?? "",
        };
    }

    public Deployment Deployment { get; }

    public TickConsole Console { get; }

    /// <summary>The guest as it was started, on alpha.</summary>
    public VirtualMachine Started { get; }

    public Api Api => Deployment.Api;

    /// <param name="page">Name of the file under docs/runbooks.</param>
    /// <param name="output">Takes what was executed and seen.</param>
    /// <param name="recorded">Agents were started with COORDINATOR_HISTORY.</param>
    public static async Task<RunbookScene> StartAsync(string page, ITestOutputHelper output, bool recorded = false)
    {
        var runbook = Runbook.Read(page);
        Deployment deployment = await Deployment.StartAsync(recorded: recorded);
        try
        {
            (VirtualMachine started, TickConsole console) = await SlowGuest.StartAsync(deployment);
            string tools = Directory.CreateDirectory(Path.Combine(deployment.Folder, "tools")).FullName;
            return new RunbookScene(runbook, output, deployment, console, started, tools);
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    public string this[string name]
    {
        get => _names[name];
        set => _names[name] = value;
    }

    /// <summary>Executes every block under the headings that begin so, in the page's order.</summary>
    public async Task FollowAsync(params string[] sections)
    {
        foreach (string section in sections)
        {
            RunbookBlock[] blocks = [.. _runbook.Blocks.Where(b => b.Section.StartsWith(section, StringComparison.Ordinal))];
            Assert.True(blocks.Length > 0, $"{_runbook.Name} has no commands under '{section}'");
            foreach (RunbookBlock block in blocks)
            {
                await ExecuteAsync(block);
            }
        }
    }

    /// <summary>Sections that another test follows.</summary>
    public void LeaveOut(params string[] sections) => _executed.UnionWith(_runbook.Blocks.Where(b => sections.Any(s => b.Section.StartsWith(s, StringComparison.Ordinal))));

    /// <summary>The page has no command that was not executed, and uses no name that it does not declare.</summary>
    public void AssertWholePageWasFollowed()
    {
        Assert.Empty(_runbook.Blocks.Except(_executed).Select(b => $"{b.Section}: {b.Commands}"));
        Assert.Empty(_runbook.UsedNames.Except(_runbook.Names));
    }

    /// <summary>The guest's QEMUs in this deployment, as the kernel shows them; other tests may have guests of the same name.</summary>
    public async Task<IReadOnlyList<RunningQemu>> QemusAsync()
    {
        string pids = await ExternalCommand.Run("ip", ["netns", "pids", Deployment.Network.Namespace]);
        HashSet<string> ours = [.. pids.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        return [.. RunningQemu.OfGuest(SlowGuest.Name).Where(q => ours.Contains(q.Identity.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture)))];
    }

    /// <summary>One copy, on this host, that has counted every tick from the first one on and never stood still for longer than this, which is longer on a machine that is busy.</summary>
    public async Task AssertNeverStoppedNorDoubledAsync(string host, int standstillAtMostMs)
    {
        TimeSpan longest = await _ticks.StopAfterMoreAsync(10);
        _output.WriteLine($"longest standstill seen from outside: {longest.TotalMilliseconds:0} ms");
        Console.AssertContiguous(Deployment.Alpha, Deployment.Beta);
        Assert.Single(await QemusAsync());
        VirtualMachine vm = await Api.VmAsync(SlowGuest.Name);
        Assert.Equal(("Resident", host, "running"), (vm.Residence, vm.Host, vm.RunState));
        Assert.True(longest.TotalMilliseconds < standstillAtMostMs * Math.Max(_load, MachineLoad.PerCore), $"the guest stood still for {longest.TotalMilliseconds:0} ms\n{Deployment.Log()}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _ticks.DisposeAsync();
            await _units.DisposeAsync();
        }
        finally
        {
            await Deployment.DisposeAsync();
        }
    }

    private async Task ExecuteAsync(RunbookBlock block)
    {
        _executed.Add(block);
        IReadOnlyList<string> patterns = [.. block.Patterns.Select(Substitute)];
        (int code, string shown) = (-1, "");
        string? wrong = "";
        async Task<string?> Try()
        {
            (code, shown) = await RunAsync(block.Commands, isEachToSucceed: block.ExitCode == 0);
            wrong = code != block.ExitCode ? $"exit code {code}, not {block.ExitCode}" : Sight.Missing(patterns, shown) is { } missing ? $"no line '{missing}'" : null;
            return wrong is null ? "" : null;
        }

        try
        {
            if (!block.Repeats)
            {
                await Try();
            }
            else
            {
                await Eventually.Becomes(Try, s_repeatLimit, $"'{block.Section}' to show what it says");
            }
        }
        catch (TimeoutException)
        {
            // The failure below says more.
        }

        _output.WriteLine($"## {block.Section}\n$ {block.Commands.TrimEnd().Replace("\n", "\n$ ", StringComparison.Ordinal)}\n{shown.TrimEnd()}\n");
        Assert.True(wrong is null, $"{_runbook.Name}, '{block.Section}': {wrong}\n$ {block.Commands}\n{shown}\n{Deployment.Log()}");
    }

    private string Substitute(string text) => _names.OrderByDescending(n => n.Key.Length).Aggregate(text, (t, n) => t.Replace($"${n.Key}", n.Value, StringComparison.Ordinal));

    /// <param name="commands">Of one block.</param>
    /// <param name="isEachToSucceed">Ends with the first that fails. Where the page names an exit code, one of them is to fail.</param>
    private async Task<(int Code, string Shown)> RunAsync(string commands, bool isEachToSucceed)
    {
        ProcessStartInfo start = Deployment.Network.Inside("bash", "-c", $"exec 2>&1\n{(isEachToSucceed ? "set -e\n" : "")}{commands}");
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.Environment["PATH"] = $"{Path.Combine(Deployment.Folder, "tools")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["COORDCTL_SERVER"] = "https://127.0.0.1:4050";
        start.Environment["COORDCTL_TLS"] = Deployment.Certificates.ClientDirectory;
        foreach ((string name, string value) in _names)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = new(s_commandLimit);
        try
        {
            string shown = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, shown);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"no end within {s_commandLimit.TotalMinutes} min: {commands}", late);
        }
    }
}
