using Akka.Actor;
using Akka.Cluster.Tools.Client;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;

namespace Coordinator.Client;

/// <summary>
/// Follows one VM for one subscriber, and ends with it. Entities forget who follows them when they move, and the way to them when a coordinator dies: the subscription is asked for again every second,
/// and each answer is the whole view.
/// </summary>
internal sealed class VmSubscription : UntypedActor, IWithTimers
{
    private static readonly TimeSpan s_askEvery = TimeSpan.FromSeconds(1);

    private readonly string _vm;
    private readonly IActorRef _client;
    private readonly IActorRef _subscriber;
    private long _newest = -1;

    public VmSubscription(string vm, IActorRef client, IActorRef subscriber) => (_vm, _client, _subscriber) = (vm, client, subscriber);

    public ITimerScheduler Timers { get; set; } = null!;

    internal static Props Props(string vm, IActorRef client, IActorRef subscriber) => Akka.Actor.Props.Create(() => new VmSubscription(vm, client, subscriber));

    protected override void PreStart()
    {
        Context.Watch(_subscriber);
        Timers.StartPeriodicTimer(AskDue.Instance, AskDue.Instance, TimeSpan.Zero, s_askEvery);
    }

    protected override void PostStop() => Ask(new UnwatchVm(_vm));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AskDue:
                Ask(new WatchVm(_vm));
                break;
            case VmChanged changed when changed.Version > _newest:
                _newest = changed.Version;
                _subscriber.Tell(new MigrationStatusChanged(
                    changed.Vm,
                    changed.Version,
                    VirtualMachine.Parser.ParseFrom(changed.VirtualMachine),
                    changed.Migration.Length == 0 ? null : Migration.Parser.ParseFrom(changed.Migration)));
                break;
            case VmChanged:
                break;
            case VmAnswer refused:
                _subscriber.Tell(new SubscriptionRefused(_vm, refused.Message));
                Context.Stop(Self);
                break;
            case Terminated:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ask(object request) => _client.Tell(new ClusterClient.Send(ControlPlanePath.Value, request));

    private sealed class AskDue : INoSerializationVerificationNeeded
    {
        internal static readonly AskDue Instance = new();
    }
}
