using System.Net.Sockets;
using Coordinator.Lab.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

/// <summary>Why docker/ has a container of its own for the guests.</summary>
public sealed class AgentContainerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task AgentContainerKilled_QemuOfTheKeeper_GoesOn()
    {
        await using AgentContainer container = new(_directory.Path);
        string monitor = await container.RunAgentAsync(withKeeper: true);

        await container.KillAgentAsync();

        Assert.NotNull((await QemuHost.AskAsync(monitor, "query-status"))["return"]);
        await ExternalCommand.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll"), "keeper", container.Door, "--check"]);
    }

    /// <summary>Without this the test above would prove nothing: the same death does end a QEMU that the agent has started itself, session of its own or not.</summary>
    [Fact]
    public async Task AgentContainerKilled_QemuOfTheAgentItself_EndsWithIt()
    {
        await using AgentContainer container = new(_directory.Path);
        string monitor = await container.RunAgentAsync(withKeeper: false);
        Assert.NotNull((await QemuHost.AskAsync(monitor, "query-status"))["return"]);

        await container.KillAgentAsync();

        await Assert.ThrowsAsync<SocketException>(() => QemuHost.AskAsync(monitor, "query-status"));
    }
}
