using Akka.Actor;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>Where the entities of one node show what became of their VMs. Costs one message within the process; <see cref="FleetActor"/> makes batches of them.</summary>
public sealed class FleetFeed
{
    private volatile IActorRef _outlet = ActorRefs.Nobody;
    private volatile bool _wantsSamples;

    /// <summary>Somebody looks at a list: samples of the copying are to be shown too, at most one a second and VM. Else what is journalled is enough.</summary>
    public bool WantsSamples
    {
        get => _wantsSamples;
        internal set => _wantsSamples = value;
    }

    internal void LeadTo(IActorRef outlet) => _outlet = outlet;

    internal void Show(VmSummary summary) => _outlet.Tell(new VmShown(summary), ActorRefs.NoSender);

    /// <summary>The entity stops here; it may go on at another node, which shows it then.</summary>
    internal void Leave(string vm) => _outlet.Tell(new VmLeft(vm), ActorRefs.NoSender);
}

internal sealed record VmShown(VmSummary Summary) : INoSerializationVerificationNeeded;

internal sealed record VmLeft(string Vm) : INoSerializationVerificationNeeded;
