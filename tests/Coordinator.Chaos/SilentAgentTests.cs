using Coordinator.Chaos.Laboratory;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos;

/// <summary>A host that has lost its power, or whose agent is stopped, ends no connection.</summary>
[Collection(OneAtATime.Name)]
public sealed class SilentAgentTests(SharedLab shared)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>Found by rounds of cluster chaos: a stopped agent counted as connected for as long as TCP kept the connection.</summary>
    [Fact]
    public async Task AgentThatIsStopped_IsShownAsNotConnected()
    {
        ChaosLab lab = await shared.FreshAsync();
        Part agent = lab.Deployment.Agent(Deployment.Beta);
        agent.Freeze();
        try
        {
            await ConnectedAsync(lab, false);
        }
        finally
        {
            agent.Thaw();
        }

        await ConnectedAsync(lab, true);
    }

    private static Task ConnectedAsync(ChaosLab lab, bool wanted) => Eventually.Becomes(
        async () => (await lab.Api.HostsOfAsync(0))?.Single(host => host.Name == Deployment.Beta).Connected == wanted ? "" : null,
        s_limit, $"beta to be {(wanted ? "connected" : "not connected")}", lab.Deployment.Log);
}
