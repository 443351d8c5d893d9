using Akka.Actor;
using Coordinator.Actors.Migrations;
using Coordinator.Contracts;

namespace Coordinator.Actors.ControlPlanes;

/// <summary>
/// The door for control planes that send messages through Akka's cluster client; one on every node, known to its receptionist. Passes requests of clients to the VMs' entities, which answer the sender
/// themselves, and nothing else: what agents and nodes say to entities is not a client's to say.
/// </summary>
internal sealed class ControlPlaneActor : UntypedActor
{
    private readonly IActorRef _region;

    public ControlPlaneActor(IActorRef region) => _region = region;

    /// <param name="region">Of the VMs.</param>
    public static Props Props(IActorRef region) => Akka.Actor.Props.Create(() => new ControlPlaneActor(region));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StartMigration or QueueMigration or CancelMigration or ProveHostOff or ResolveDoubt or StartVirtualMachine or StopVirtualMachine or GetVm or WatchVm or UnwatchVm:
                Pass(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A name that is none would not even find a shard; it is answered here.</summary>
    private void Pass(object message)
    {
        string vm = MigrationActor.VmOf(message)!;
        try
        {
            _ = new Domain.VmName(vm);
        }
        catch (Domain.InvalidValueException refused)
        {
            Sender.Tell(new VmAnswer(vm, AnswerKind.InvalidArgument, refused.Message, "", [], []));
            return;
        }

        _region.Forward(message);
    }
}
