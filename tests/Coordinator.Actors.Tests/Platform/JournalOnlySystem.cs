using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Sql.Config;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>The shipped configuration without a cluster: one node's journal, several of them on one database.</summary>
static class JournalOnlySystem
{
    public static ActorSystem Create(string name, SqlStore store)
    {
        var config = ConfigurationFactory.ParseString("""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.extensions = []
            akka.stdout-loglevel = OFF
            akka.loglevel = OFF
            """).WithFallback(CoordinatorConfig.Load(profile: store.ProfileFile));
        return ActorSystem.Create(name, BootstrapSetup.Create().WithConfig(config).And(new DataOptionsSetup(store.DataOptions)));
    }
}
