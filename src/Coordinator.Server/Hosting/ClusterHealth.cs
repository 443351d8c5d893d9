using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Coordinator.Server.Hosting;

/// <summary>Serving means: this node is a member of the cluster, so that its region reaches every VM.</summary>
internal sealed class ClusterHealth(ActorSystem system) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        MemberStatus status = Cluster.Get(system).SelfMember.Status;
        return Task.FromResult(status == MemberStatus.Up ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"cluster member is {status}"));
    }
}
