using Akka.Actor;
using Akka.Cluster.Tools.Client;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;

namespace Coordinator.Client;

/// <summary>
/// Coordinators for a .NET control plane with an <see cref="ActorSystem"/> of its own: through Akka's cluster client, so the control plane is no member and needs to know only some of the nodes. A request
/// is sent again, with the same id, until it is answered or the patience is over; the second one gets the first one's result.
/// </summary>
public sealed class CoordinatorClient
{
    private static readonly TimeSpan s_tryAgainAfter = TimeSpan.FromSeconds(2);

    private readonly ActorSystem _system;
    private readonly IActorRef _client;
    private readonly TimeSpan _patience;

    private CoordinatorClient(ActorSystem system, IActorRef client, TimeSpan patience) => (_system, _client, _patience) = (system, client, patience);

    /// <param name="system">With <see cref="ControlPlaneConfig.Default"/> in its configuration. One client serves the whole of it; it lives as long as the system.</param>
    /// <param name="coordinators">Cluster addresses, <c>HOST:PORT</c>, of some coordinators: the others are learnt from them.</param>
    /// <param name="patience">How long a request is repeated; 30 s unless given.</param>
    /// <exception cref="ArgumentException">An address is not HOST:PORT, or there is none.</exception>
    public static CoordinatorClient Connect(ActorSystem system, IEnumerable<string> coordinators, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        ActorPath[] contacts = [.. coordinators.Select(Contact)];
        if (contacts.Length == 0)
        {
            throw new ArgumentException("the address of at least one coordinator is needed, for instance 10.0.0.1:4060", nameof(coordinators));
        }

        IActorRef client = system.ActorOf(ClusterClient.Props(ClusterClientSettings.Create(system).WithInitialContacts([.. contacts])));
        return new CoordinatorClient(system, client, patience ?? TimeSpan.FromSeconds(30));
    }

    /// <summary>Accepted and journalled when this returns; what becomes of it is told to subscribers.</summary>
    /// <exception cref="CoordinatorRefusedException">Refused; the guest was not touched.</exception>
    /// <exception cref="CoordinatorUnavailableException">No answer; repeat it with the same request id.</exception>
    public Task<Migration> StartMigration(StartMigration request, CancellationToken stop = default) => Moving(request, stop);

    /// <summary>The same with a priority and a time to wait for its turn.</summary>
    /// <inheritdoc cref="StartMigration(Contracts.StartMigration, CancellationToken)"/>
    public Task<Migration> StartMigration(QueueMigration request, CancellationToken stop = default) => Moving(request, stop);

    /// <summary>Legal in every phase; how the migration ends tells what became of it.</summary>
    /// <inheritdoc cref="StartMigration(Contracts.StartMigration, CancellationToken)"/>
    public Task<Migration> CancelMigration(CancelMigration request, CancellationToken stop = default) => Moving(request, stop);

    /// <param name="vm">The VM's name.</param>
    /// <param name="migrationId">Empty: its newest.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <inheritdoc cref="StartMigration(Contracts.StartMigration, CancellationToken)"/>
    public Task<Migration> GetMigration(string vm, string migrationId = "", CancellationToken stop = default) => Moving(new GetVm(vm, migrationId), stop);

    /// <inheritdoc cref="StartMigration(Contracts.StartMigration, CancellationToken)"/>
    public async Task<VirtualMachine> GetVirtualMachine(string vm, CancellationToken stop = default) => Machine(await Ask(new GetVm(vm, ""), stop).ConfigureAwait(false));

    /// <summary>Ordered and journalled when this returns; subscribers are told when it runs.</summary>
    /// <inheritdoc cref="StartMigration(Contracts.StartMigration, CancellationToken)"/>
    public async Task<VirtualMachine> StartVirtualMachine(StartVirtualMachine request, CancellationToken stop = default) =>
        Machine(await Ask(request, stop).ConfigureAwait(false));

    /// <inheritdoc cref="StartVirtualMachine(Contracts.StartVirtualMachine, CancellationToken)"/>
    public async Task<VirtualMachine> StopVirtualMachine(StopVirtualMachine request, CancellationToken stop = default) =>
        Machine(await Ask(request, stop).ConfigureAwait(false));

    /// <summary>Sends <see cref="MigrationStatusChanged"/> to the subscriber now and after every change, until it stops or the subscription is disposed of.</summary>
    /// <param name="vm">The VM's name; one that does not exist yet may be followed too.</param>
    /// <param name="subscriber">An actor of this system. Gets <see cref="SubscriptionRefused"/> when the coordinators refuse.</param>
    public IDisposable Subscribe(string vm, IActorRef subscriber)
    {
        IActorRef subscription = _system.ActorOf(VmSubscription.Props(vm, _client, subscriber));
        return new Subscription(_system, subscription);
    }

    private static ActorPath Contact(string address)
    {
        int colon = address.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), out ushort port) && port > 0
            && ActorPath.TryParse($"{(address.Contains("://", StringComparison.Ordinal) ? address : $"akka.tcp://{ControlPlanePath.SystemName}@{address}")}/system/receptionist", out ActorPath path)
                ? path
                : throw new ArgumentException($"'{address}' is not HOST:PORT of a coordinator's cluster address, for instance 10.0.0.1:4060", nameof(address));
    }

    private async Task<Migration> Moving(object request, CancellationToken stop)
    {
        VmAnswer answer = await Ask(request, stop).ConfigureAwait(false);
        return answer.Migration.Length > 0
            ? Migration.Parser.ParseFrom(answer.Migration)
            : throw new CoordinatorRefusedException(AnswerKind.NotFound, $"VM '{answer.Vm}' has no migration");
    }

    private static VirtualMachine Machine(VmAnswer answer) => VirtualMachine.Parser.ParseFrom(answer.VirtualMachine);

    private async Task<VmAnswer> Ask(object request, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(_patience);
        while (true)
        {
            try
            {
                VmAnswer answer = await _client.Ask<VmAnswer>(new ClusterClient.Send(ControlPlanePath.Value, request), s_tryAgainAfter, patience.Token).ConfigureAwait(false);
                return answer.Kind == AnswerKind.Accepted ? answer : throw new CoordinatorRefusedException(answer.Kind, answer.Message);
            }
            catch (Exception e) when (e is AskTimeoutException or OperationCanceledException)
            {
                stop.ThrowIfCancellationRequested();
                if (patience.IsCancellationRequested)
                {
                    throw new CoordinatorUnavailableException(
                        $"no coordinator has answered {request.GetType().Name} within {_patience.TotalSeconds:0.#} s. It may have been taken on: repeat it with the same request id");
                }
            }
        }
    }

    private sealed class Subscription(ActorSystem system, IActorRef subscription) : IDisposable
    {
        public void Dispose() => system.Stop(subscription);
    }
}
