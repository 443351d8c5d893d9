using Coordinator.Actors.Fleet;

namespace Coordinator.Server.Http;

/// <summary>Once after the start the board gets what the journal holds, so that VMs without a living entity are shown too. Tried again until the database answers.</summary>
internal sealed class FleetFilling(IFleetHistory history, FleetBoard board, TimeProvider clock, ILogger<FleetFilling> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                board.Fill(await Task.Run(() => history.Read(stoppingToken), stoppingToken).ConfigureAwait(false));
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning("the fleet's history cannot be read yet: {Reason}", e.Message);
            }

            await Task.Delay(s_pause, clock, stoppingToken).ConfigureAwait(false);
        }
    }
}
