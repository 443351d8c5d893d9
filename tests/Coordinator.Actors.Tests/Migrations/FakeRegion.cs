using Akka.Actor;
using Akka.Cluster.Sharding;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>In the place of a shard: one remembered entity, started again when it stops without having asked for it.</summary>
internal sealed class FakeRegion : UntypedActor
{
    private static readonly HyperionWireSerializer s_wire = new(system: null);

    private readonly Props _entity;
    private IActorRef? _child;
    private bool _passivating;

    public FakeRegion(Props entity) => _entity = entity;

    public static Props Props(Props entity) => Akka.Actor.Props.Create(() => new FakeRegion(entity));

    protected override void PreStart() => Start();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Passivate passivate:
                _passivating = true;
                Sender.Tell(passivate.StopMessage);
                break;
            case Terminated:
                _child = null;
                Births++;
                if (!_passivating)
                {
                    Start();
                }

                break;
            case KillEntity:
                Context.Stop(_child);
                break;
            case HandOff:
                _child.Tell(StopVm.Instance);
                break;
            case IsThereAnEntity:
                Sender.Tell(_child is not null);
                break;
            default:
                if (_child is null)
                {
                    _passivating = false;
                    Start();
                }

                // As between two nodes. (Akka's serialize-messages would send its own local messages through serializers that are not made for them.)
                _child.Forward(message is IWireMessage ? s_wire.FromBinary(s_wire.ToBinary(message), type: null) : message);
                break;
        }
    }

    private int Births { get; set; }

    private void Start()
    {
        _child = Context.ActorOf(_entity, "entity-" + Births.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Context.Watch(_child);
    }

    internal sealed record KillEntity : INoSerializationVerificationNeeded;

    internal sealed record HandOff : INoSerializationVerificationNeeded;

    internal sealed record IsThereAnEntity : INoSerializationVerificationNeeded;
}
