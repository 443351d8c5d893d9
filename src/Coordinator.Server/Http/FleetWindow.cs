using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Dashboard;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Server.Grpc;
using Grpc.Core;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Server.Http;

/// <summary>What the pages show: the boards of this node, and single migrations as the API shows them.</summary>
internal sealed class FleetWindow(FleetBoard fleet, ClusterBoard cluster, HoldBoard hold, IHostDirectory hosts, VmClient vms, VmIndex index) : IFleetWindow
{
    public FleetHold? Hold => hold.Current;

    public IReadOnlyList<KnownHost> Hosts => hosts.All;

    public ClusterPicture ClusterNow => cluster.Picture;

    public IAsyncEnumerable<FleetPicture> Fleet(CancellationToken stop) => fleet.Look(stop);

    public IAsyncEnumerable<ClusterPicture> Cluster(CancellationToken stop) => cluster.Look(stop);

    public async IAsyncEnumerable<Api.Migration> Migration(string vm, string migrationId, [EnumeratorCancellation] CancellationToken stop)
    {
        Api.Migration shown = await Find(vm, migrationId, stop).ConfigureAwait(false);
        yield return shown;
        using VmWatch watch = vms.Watch(vm);
        await foreach (VmChanged change in Changes(watch, stop).ConfigureAwait(false))
        {
            Api.Migration now = Api.Migration.Parser.ParseFrom(change.Migration);
            if (migrationId.Length > 0 && now.Id != migrationId)
            {
                // Another one has begun: this one is over and changes no more.
                yield return await Find(vm, migrationId, stop).ConfigureAwait(false);
                yield break;
            }

            if (now.Version > shown.Version || now.Id != shown.Id)
            {
                shown = now;
                yield return shown;
            }
        }
    }

    private static async IAsyncEnumerable<VmChanged> Changes(VmWatch watch, [EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            VmChanged change;
            try
            {
                change = await watch.Changes.ReadAsync(stop).ConfigureAwait(false);
            }
            catch (ChannelClosedException closed)
            {
                throw new NotShownException(closed.InnerException?.Message ?? "the watch has ended", mayComeLater: true);
            }

            yield return change;
        }
    }

    /// <summary>From the entity; an old migration that it has no room for, from the journal.</summary>
    private async Task<Api.Migration> Find(string vm, string migrationId, CancellationToken stop)
    {
        try
        {
            VmAnswer answer = await vms.Ask(new VmName(vm).Value, new GetVm(vm, migrationId), stop).ConfigureAwait(false);
            return answer.Migration.Length > 0
                ? Api.Migration.Parser.ParseFrom(answer.Migration)
                : throw new NotShownException($"VM '{vm}' was never migrated", mayComeLater: true);
        }
        catch (InvalidValueException refused)
        {
            throw new NotShownException(refused.Message, mayComeLater: false);
        }
        catch (RpcException missing) when (missing.StatusCode == StatusCode.NotFound)
        {
            Api.Migration? old = migrationId.Length > 0 ? await index.Old(new VmName(vm), migrationId, stop).ConfigureAwait(false) : null;
            return old ?? throw new NotShownException(missing.Status.Detail, mayComeLater: false);
        }
        catch (RpcException refused)
        {
            throw new NotShownException(refused.Status.Detail, mayComeLater: refused.StatusCode == StatusCode.Unavailable);
        }
    }
}
