using System.Diagnostics;
using System.Globalization;

namespace Coordinator.Agent.Tests.Processes;

/// <summary>
/// What docker makes of <c>pid: service:guests</c>, without docker: a PID namespace whose first process is the keeper, and an agent that joins it but has a control group of its own, which is
/// what a runtime kills, process by process, when a container that shares a PID namespace ends. Needs root. Disposing ends both.
/// </summary>
internal sealed class AgentContainer : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = Eventually.Limit;
    private readonly string _controlGroup = Directory.CreateDirectory(Path.Combine(OwnControlGroup(), $"coordinator-test-{Guid.NewGuid():N}")).FullName;
    private readonly Process _guests;
    private readonly string _directory;

    public AgentContainer(string directory)
    {
        _directory = directory;
        Door = Path.Combine(directory, "door", "keeper.sock");
        _guests = Process.Start(new ProcessStartInfo(
            "unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "dotnet", Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll"), "keeper", Door])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
    }

    public string Door { get; }

    /// <returns>Where the QEMU that it launched has its monitor.</returns>
    public async Task<string> RunAgentAsync(bool withKeeper)
    {
        using CancellationTokenSource limit = new(s_limit);
        if (await _guests.StandardOutput.ReadLineAsync(limit.Token) is null)
        {
            throw new IOException("the keeper did not come up");
        }

        string first = (await File.ReadAllTextAsync($"/proc/{_guests.Id}/task/{_guests.Id}/children", limit.Token)).Trim();
        using Process agent = Process.Start(new ProcessStartInfo(
            "sh",
            [
                "-c", "echo $$ >\"$0/cgroup.procs\" && exec \"$@\"", _controlGroup, "nsenter", "--pid", "--mount", "--target", first, "--",
                "dotnet", typeof(AgentContainer).Assembly.Location, LaunchingAgent.Word, _directory, withKeeper ? Door : "",
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        string? identity = await agent.StandardOutput.ReadLineAsync(limit.Token);
        return identity is null ? throw new IOException("the agent did not come up") : (await agent.StandardOutput.ReadLineAsync(limit.Token))!;
    }

    /// <summary>Until none is left; whoever is dead but not reaped is no member any more.</summary>
    public Task KillAgentAsync() => Eventually.TrueAsync(
        () =>
        {
            string[] members = Members();
            foreach (string pid in members)
            {
                try
                {
                    using Process member = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
                    member.Kill();
                }
                catch (ArgumentException)
                {
                    // Gone already.
                }
            }

            return members.Length == 0;
        },
        "the agent's control group is empty");

    public async ValueTask DisposeAsync()
    {
        await KillAgentAsync();
        _guests.Kill();
        await _guests.WaitForExitAsync();
        _guests.Dispose();
        Directory.Delete(_controlGroup);
    }

    private static string OwnControlGroup()
    {
        string mount = File.ReadLines("/proc/self/mountinfo").First(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ')[4];
        string own = File.ReadLines("/proc/self/cgroup").First(line => line.StartsWith("0::", StringComparison.Ordinal))["0::/".Length..];
        return Path.Combine(mount, own);
    }

    private string[] Members() => File.ReadAllLines(Path.Combine(_controlGroup, "cgroup.procs"));
}
