using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Coordinator.Contracts;

namespace Coordinator.ClusterProbe;

/// <summary>Stands for the actor that holds a host agent's stream.</summary>
sealed class TopicListener : ReceiveActor
{
    public TopicListener(string topic)
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(topic, Self));
        Receive<SubscribeAck>(_ => ProbeOutput.Say($"subscribed {topic}"));
        Receive<Nudge>(nudge => ProbeOutput.Say($"heard {topic} {nudge.VmId}"));
    }
}
