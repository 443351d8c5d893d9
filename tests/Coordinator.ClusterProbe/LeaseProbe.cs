using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Platform;

namespace Coordinator.ClusterProbe;

/// <summary>One owner of one lease, created the way the split brain resolver does it.</summary>
static class LeaseProbe
{
    public static async Task<int> RunAsync(string name, string database, int timeToLiveMs)
    {
        var store = ProbeStore.Of(database);
        var config = ConfigurationFactory.ParseString($$"""
            akka.stdout-loglevel = OFF
            akka.loglevel = OFF
            probe-lease {
              lease-class = "{{typeof(SqlLease).AssemblyQualifiedName!.Split(", Version")[0]}}"
              heartbeat-timeout = {{timeToLiveMs}}ms
              heartbeat-interval = {{timeToLiveMs / 5}}ms
              lease-operation-timeout = {{timeToLiveMs * 9 / 10}}ms
            }
            """);
        var system = ActorSystem.Create("lease", BootstrapSetup.Create().WithConfig(config).And(new SqlStoreSetup(store)));
        var lease = LeaseProvider.Get(system).GetLease(name, "probe-lease", "probe");
        ProbeOutput.Say("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            ProbeOutput.Say(line switch
            {
                "acquire" => $"acquired {await AcquireAsync(lease)}",
                "check" => $"holds {lease.CheckLease()}",
                "release" => $"released {await lease.Release()}",
                _ => $"unknown {line}",
            });
        }

        return 0;
    }

    // A cold process on a busy machine can be late for the deadline of its first call.
    private static async Task<bool> AcquireAsync(Lease lease)
    {
        while (true)
        {
            try
            {
                return await lease.Acquire(reason => ProbeOutput.Say($"lost {reason.GetType().Name}"));
            }
            catch (LeaseTimeoutException e)
            {
                ProbeOutput.Say($"late {e.Message}");
            }
        }
    }
}
