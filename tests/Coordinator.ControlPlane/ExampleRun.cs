using Akka.Actor;
using Akka.Configuration;
using Coordinator.Client;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;

namespace Coordinator.ControlPlane;

/// <summary>
/// The worked example of Coordinator.Client: a control plane with its own actor system moves one VM, follows it, and ends with its outcome. Exit codes: 0 the guest runs at the destination and all was verified,
/// 1 it does not, 4 refused, 5 no coordinator answers.
/// </summary>
public static class ExampleRun
{
    public static async Task<int> MoveAsync(IEnumerable<string> coordinators, string vm, string destination, string requestId, TextWriter output)
    {
        using ActorSystem system = ActorSystem.Create("control-plane", ConfigurationFactory.ParseString("akka { loglevel = WARNING, stdout-loglevel = WARNING }").WithFallback(ControlPlaneConfig.Default));
        CoordinatorClient client = CoordinatorClient.Connect(system, coordinators);
        try
        {
            PolicyChoice defaults = new(null, null, null, null, null, null, null, null, null);
            Migration accepted = await client.StartMigration(new QueueMigration(vm, requestId, destination, defaults, Priority: "user", QueueDeadlineMs: null)).ConfigureAwait(false);
            await output.WriteLineAsync($"accepted: migration {accepted.Id} of {vm} from {accepted.SourceHost} to {accepted.DestinationHost}").ConfigureAwait(false);

            TaskCompletionSource<Migration> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            client.Subscribe(vm, system.ActorOf(Follower.Props(accepted.Id, output, ended)));
            Migration end = await ended.Task.ConfigureAwait(false);
            await output.WriteLineAsync($"{end.Phase} {end.Verdict} {end.Reason}".TrimEnd()).ConfigureAwait(false);
            return end is { Phase: "Succeeded", Verdict: "Verified" } ? 0 : 1;
        }
        catch (CoordinatorRefusedException refused)
        {
            await output.WriteLineAsync($"refused ({refused.Kind}): {refused.Message}").ConfigureAwait(false);
            return 4;
        }
        catch (CoordinatorUnavailableException unavailable)
        {
            await output.WriteLineAsync(unavailable.Message).ConfigureAwait(false);
            return 5;
        }
        finally
        {
            await system.Terminate().ConfigureAwait(false);
        }
    }

    private sealed class Follower : UntypedActor
    {
        private readonly string _migration;
        private readonly TextWriter _output;
        private readonly TaskCompletionSource<Migration> _ended;
        private string _phase = "";

        public Follower(string migration, TextWriter output, TaskCompletionSource<Migration> ended) => (_migration, _output, _ended) = (migration, output, ended);

        internal static Props Props(string migration, TextWriter output, TaskCompletionSource<Migration> ended) => Akka.Actor.Props.Create(() => new Follower(migration, output, ended));

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case MigrationStatusChanged { Migration: { } migration } when migration.Id == _migration:
                    if (migration.Phase != _phase)
                    {
                        _phase = migration.Phase;
                        _output.WriteLine($"{migration.Phase}: {migration.Progress?.RemainingBytes >> 20 ?? 0} MiB to copy. {migration.Reason}".TrimEnd());
                    }

                    if (migration.Terminal)
                    {
                        _ended.TrySetResult(migration);
                    }

                    break;
                case SubscriptionRefused refused:
                    _ended.TrySetException(new CoordinatorRefusedException(AnswerKind.ResourceExhausted, refused.Reason));
                    break;
                default:
                    break;
            }
        }
    }
}
