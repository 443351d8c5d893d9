using Akka.Cluster.Tools.Client;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;

namespace Coordinator.Client;

/// <summary>What a control plane's own <see cref="Akka.Actor.ActorSystem"/> must have in its configuration to speak with coordinators.</summary>
public static class ControlPlaneConfig
{
    /// <summary>
    /// To be put behind your own: <c>yours.WithFallback(ControlPlaneConfig.Default)</c>. Sets the provider to <c>remote</c> (a system of yours with <c>cluster</c> works too), the serializer of the coordinators'
    /// messages, and frames that hold the view of a large VM. Your own address (<c>akka.remote.dot-netty.tcp.hostname</c> and <c>port</c>) must be one that the coordinators can reach: answers come over a
    /// connection of theirs.
    /// </summary>
    public static Config Default { get; } = ConfigurationFactory.ParseString("""
        akka {
          actor {
            provider = remote
            serializers.hyperion-wire = "Coordinator.Contracts.HyperionWireSerializer, Coordinator.Contracts"
            serialization-bindings {
              "Coordinator.Contracts.IWireMessage, Coordinator.Contracts" = hyperion-wire
            }
          }
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
            maximum-frame-size = 4 MiB
            send-buffer-size = 4 MiB
            receive-buffer-size = 4 MiB
          }

          # Default 60 s: coordinators are replaced in rolling upgrades, and the next of the contacts is there.
          cluster.client {
            heartbeat-interval = 1s
            acceptable-heartbeat-pause = 4s
            establishing-get-contacts-interval = 1s
            refresh-contacts-interval = 10s
          }
        }
        """).WithFallback(ClusterClientReceptionist.DefaultConfig())

        // The client wraps requests in messages of the mediator, whose serializer is only known with this.
        .WithFallback(DistributedPubSub.DefaultConfig());
}
