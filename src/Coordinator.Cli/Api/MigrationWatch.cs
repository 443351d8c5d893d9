using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Grpc.Core;

namespace Coordinator.Cli.Api;

/// <summary>Follows one migration to its end, over the deaths of coordinators: what it follows is journalled, so any of them can go on telling it.</summary>
internal sealed class MigrationWatch(CoordinatorConnection connection)
{
    /// <returns>The migration as it ended, or in doubt.</returns>
    /// <exception cref="CommandFailure">It is unknown, or no coordinator answered for <see cref="Patience.Recovery"/>.</exception>
    public async Task<Migration> Follow(string vm, string migrationId, Action<WatchNews> tell, CancellationToken cancellation)
    {
        var request = new GetMigrationRequest { Vm = vm, MigrationId = migrationId };
        var lastAnswer = connection.Clock.GetTimestamp();
        var lost = false;
        var failedInARow = 0;
        while (true)
        {
            var reason = "it ended the watch";
            try
            {
                using var call = connection.Client.WatchMigration(request, cancellationToken: cancellation);
                await foreach (var now in call.ResponseStream.ReadAllAsync(cancellation))
                {
                    lastAnswer = connection.Clock.GetTimestamp();
                    failedInARow = 0;
                    if (lost)
                        tell(new WatchNews.ServerFound(connection.Current));
                    lost = false;
                    tell(new WatchNews.Changed(now));
                    if (MigrationOutcome.EndsWatch(now))
                        return now;
                }
            }
            catch (RpcException refused) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException("interrupted", refused, cancellation);
            }
            catch (RpcException refused) when (CoordinatorConnection.IsAway(refused) || IsShuttingDown(refused))
            {
                reason = CoordinatorConnection.Unreachability(refused);
            }
            catch (RpcException refused)
            {
                throw ApiFailure.Of(refused);
            }
            if (!lost)
                tell(new WatchNews.ServerLost(connection.Current, reason));
            lost = true;
            if (connection.Clock.GetElapsedTime(lastAnswer) > connection.Patience.Recovery)
                throw new CommandFailure(ExitCode.Unreachable,
                    $"no coordinator has answered for {connection.Patience.Recovery.TotalSeconds:0} s ({reason}); the migration of {vm} goes on without being watched, see 'coordctl describe migration {vm}'");
            connection.UseNext();
            if (++failedInARow % connection.Servers == 0)
                await Task.Delay(connection.Patience.Pause, connection.Clock, cancellation);
        }
    }

    /// <summary>A server that is told to stop cancels its streams; a client that did not ask for it sees Cancelled or an abort.</summary>
    static bool IsShuttingDown(RpcException refused) => refused.StatusCode is StatusCode.Cancelled or StatusCode.Aborted or StatusCode.Internal or StatusCode.Unknown;
}
