using Coordinator.Actors.Fleet;
using Coordinator.Contracts;

namespace Coordinator.Server.Http;

/// <summary>Asks the checks every few seconds, whether or not somebody probes: the cluster's page shows them, and giving up counts from when something became red.</summary>
internal sealed class HealthLoop(NodeChecks checks, ReadyJudge judge, ClusterBoard board, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer tick = new(s_every, clock);
        do
        {
            IReadOnlyList<NodeCheck> results = await checks.Run(stoppingToken).ConfigureAwait(false);
            judge.Judge(results);
            board.Checks = results;
        }
        while (await tick.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
