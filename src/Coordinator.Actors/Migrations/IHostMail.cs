using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Coordinator.Actors.Platform;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Google.Protobuf;

namespace Coordinator.Actors.Migrations;

/// <summary>Takes messages for host agents. May lose them: what must arrive is sent again by its effect.</summary>
public interface IHostMail
{
    void Send(HostName host, CoordinatorMessage message);
}

/// <summary>Publishes on the host's topic; the node that holds the agent's stream listens there.</summary>
public sealed class TopicHostMail(IActorRef mediator) : IHostMail
{
    public void Send(HostName host, CoordinatorMessage message)
    {
        ArgumentNullException.ThrowIfNull(host);
        mediator.Tell(new Publish(HostTopic.Of(host.Value), new SendToHost(host.Value, message.ToByteArray())), ActorRefs.NoSender);
    }
}
