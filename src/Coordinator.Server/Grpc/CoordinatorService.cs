using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Grpc.Core;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Server.Grpc;

/// <summary>The public API: translates, asks the VM's entity, translates back. Decides nothing.</summary>
internal sealed partial class CoordinatorService(
    VmClient vms, HoldClient hold, DrainClient drains, ClusterOrders cluster, VmIndex index, IHostDirectory hosts, IHostApplicationLifetime lifetime)
    : Api.Coordinator.CoordinatorBase
{
    /// <summary>A launch takes a second or two; after this the caller is told what is known by then, and looks again.</summary>
    private static readonly TimeSpan s_startWithin = TimeSpan.FromSeconds(15);

    /// <summary>Lists show living VMs as they are now; one that does not answer in this time is shown as journalled.</summary>
    private static readonly TimeSpan s_liveWithin = TimeSpan.FromSeconds(1);

    private const int LiveParallelism = 16;

    public override async Task<VirtualMachine> StartVirtualMachine(StartVirtualMachineRequest request, ServerCallContext context)
    {
        string vm = DefinitionName.Read(request.DefinitionYaml).Value;
        VmAnswer answer = await vms.Ask(
            vm, new StartVirtualMachine(vm, new RequestId(request.RequestId).Value, new HostName(request.Host).Value, request.DefinitionYaml),
                context.CancellationToken).ConfigureAwait(false);
        VirtualMachine started = Machine(answer);
        VirtualMachine settled = IsSettled(started) ? started : await Settled(vm, started, context.CancellationToken).ConfigureAwait(false);
        return settled.Residence == "Absent"
            ? throw new RpcException(new Status(StatusCode.FailedPrecondition, $"VM '{vm}' could not be started: {settled.Message}"))
            : settled;
    }

    public override async Task<VirtualMachine> StopVirtualMachine(StopVirtualMachineRequest request, ServerCallContext context) =>
        Machine(await vms.Ask(request.Name, new StopVirtualMachine(Vm(request.Name), new RequestId(request.RequestId).Value),
            context.CancellationToken).ConfigureAwait(false));

    public override async Task<VirtualMachine> GetVirtualMachine(GetVirtualMachineRequest request, ServerCallContext context) =>
        Machine(await vms.Ask(request.Name, new GetVm(Vm(request.Name), ""), context.CancellationToken).ConfigureAwait(false));

    public override async Task<ListVirtualMachinesResponse> ListVirtualMachines(ListVirtualMachinesRequest request, ServerCallContext context)
    {
        (IReadOnlyList<VirtualMachine> journalled, string next) =
            await index.VirtualMachines(request.Host, request.PageSize, request.PageToken, context.CancellationToken).ConfigureAwait(false);
        VirtualMachine[] shown = [.. journalled];
        await Parallel.ForAsync(0, shown.Length, Live(context), async (i, stop) =>
        {
            // An absent VM is not woken up only to be listed.
            if (shown[i].Residence != "Absent" && await vms.Try(new GetVm(shown[i].Name, ""), s_liveWithin, stop)
                .ConfigureAwait(false) is { Kind: AnswerKind.Accepted } answer)
            {
                shown[i] = Machine(answer);
            }
        }).ConfigureAwait(false);
        ListVirtualMachinesResponse response = new() { NextPageToken = next };
        response.VirtualMachines.AddRange(shown);
        return response;
    }

    public override async Task<ListHostsResponse> ListHosts(ListHostsRequest request, ServerCallContext context)
    {
        ILookup<string, string> residents = await index.Residents(context.CancellationToken).ConfigureAwait(false);
        ListHostsResponse response = new();
        foreach (KnownHost known in hosts.All)
        {
            Api.Host host = new()
            {
                Name = known.Name,
                Connected = known.Connected,
                Node = known.Node,
                AgentVersion = known.Hello.AgentVersion,
                HandoffAddress = known.Hello.HandoffAddress,
                MemoryAvailableMib = known.Hello.MemoryAvailableMib,
                MemoryFreeMib = known.MemoryFreeMiB,
                OutgoingLimit = known.Hello.Limits?.Outgoing ?? Domain.Admission.HostLimits.Default.Outgoing,
                IncomingLimit = known.Hello.Limits?.Incoming ?? Domain.Admission.HostLimits.Default.Incoming,
                Driver = known.Hello.Driver,
                Cordon = View(drains.CordonOf(new HostName(known.Name))),
            };
            host.QemuVersions.AddRange(known.Hello.QemuVersions);
            host.VirtualMachines.AddRange(residents[known.Name]);
            response.Hosts.Add(host);
        }

        return response;
    }

    public override async Task<Migration> StartMigration(StartMigrationRequest request, ServerCallContext context) =>
        Newest(await vms.Ask(
            request.Vm,
            new QueueMigration(
                Vm(request.Vm),
                new RequestId(request.RequestId).Value,
                new HostName(request.DestinationHost).Value,
                Policy(request.Policy),
                request.Policy?.Priority ?? "",
                request.Policy is { HasQueueDeadlineMs: true } policy ? policy.QueueDeadlineMs : null),
            context.CancellationToken).ConfigureAwait(false));

    public override async Task<Migration> CancelMigration(CancelMigrationRequest request, ServerCallContext context) =>
        Newest(await vms.Ask(request.Vm, new CancelMigration(Vm(request.Vm), new RequestId(request.RequestId).Value, request.MigrationId), context.CancellationToken)
            .ConfigureAwait(false));

    public override async Task<Migration> ProveHostOff(ProveHostOffRequest request, ServerCallContext context) =>
        Newest(await vms.Ask(
            request.Vm,
            new ProveHostOff(Vm(request.Vm), new RequestId(request.RequestId).Value, request.Attempt, new HostName(request.Host).Value, request.By, request.Proof, request.PowerOff),
            context.CancellationToken,
            FencingLimits.AnsweredWithin).ConfigureAwait(false));

    public override async Task<Migration> ResolveDoubt(ResolveDoubtRequest request, ServerCallContext context)
    {
        if (request.Record is { } given && given.Vm != request.Vm)
        {
            throw new InvalidValueException("record", given.Vm, $"a record of VM '{request.Vm}'");
        }

        Guid store = Guid.Empty;
        if (request.Record is { } record && !Guid.TryParse(record.DestinationStore, out store))
        {
            throw new InvalidValueException("record.destination_store", record.DestinationStore, "the text of a UUID");
        }

        return Newest(await vms.Ask(
            request.Vm,
            new ResolveDoubt(
                Vm(request.Vm),
                new RequestId(request.RequestId).Value,
                request.Attempt,
                request.Choice,
                request.By,
                request.Proof,
                [.. request.Disks],
                request.Record?.Attempt ?? 0,
                store,
                request.Record?.Released.ToByteArray() ?? []),
            context.CancellationToken).ConfigureAwait(false));
    }

    public override Task<Migration> GetMigration(GetMigrationRequest request, ServerCallContext context) => Find(request, context.CancellationToken);

    public override async Task<ListMigrationsResponse> ListMigrations(ListMigrationsRequest request, ServerCallContext context)
    {
        if (request.Vm.Length > 0)
        {
            Vm(request.Vm);
        }

        (IReadOnlyList<Migration> journalled, string next) = await index.Migrations(
            request.Vm, request.Host, [.. request.Phases.Select(Phase)], request.PageSize, request.PageToken, context.CancellationToken).ConfigureAwait(false);
        Migration[] shown = [.. journalled];
        await Parallel.ForAsync(0, shown.Length, Live(context), async (i, stop) =>
        {
            if (!shown[i].Terminal && await vms.Try(new GetVm(shown[i].Vm, shown[i].Id), s_liveWithin, stop)
                .ConfigureAwait(false) is { Kind: AnswerKind.Accepted, Migration.Length: > 0 } answer)
            {
                shown[i] = Newest(answer);
            }
        }).ConfigureAwait(false);
        ListMigrationsResponse response = new() { NextPageToken = next };
        response.Migrations.AddRange(shown);
        return response;
    }

    public override async Task WatchMigration(GetMigrationRequest request, IServerStreamWriter<Migration> responseStream, ServerCallContext context)
    {
        // A stopping node ends its watches, or it would wait for them; watchers go on at another one.
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        CancellationToken stop = ended.Token;
        Migration shown = await Find(request, stop).ConfigureAwait(false);
        await responseStream.WriteAsync(shown, stop).ConfigureAwait(false);
        if (shown.Terminal)
        {
            return;
        }

        using VmWatch watch = vms.Watch(shown.Vm);
        await foreach (VmChanged change in Until(watch, stop).ConfigureAwait(false))
        {
            Migration now = Migration.Parser.ParseFrom(change.Migration);
            if (now.Id != shown.Id)
            {
                // Another migration has begun meanwhile, so this one has ended.
                now = await Find(new GetMigrationRequest { Vm = shown.Vm, MigrationId = shown.Id }, stop).ConfigureAwait(false);
            }

            if (now.Version > shown.Version || now.Terminal)
            {
                shown = now;
                await responseStream.WriteAsync(shown, stop).ConfigureAwait(false);
            }

            if (shown.Terminal)
            {
                return;
            }
        }
    }

    private static async IAsyncEnumerable<VmChanged> Until(VmWatch watch, [EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            VmChanged change;
            try
            {
                change = await watch.Changes.ReadAsync(stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw VmClient.Unavailable("this coordinator ends; watch at another one");
            }
            catch (ChannelClosedException closed)
            {
                throw VmClient.Unavailable(closed.InnerException?.Message ?? "the watch has ended; watch again");
            }

            yield return change;
        }
    }

    /// <summary>From the entity; an old migration that it has no room for, or of which it remembers only the end, from the journal.</summary>
    private async Task<Migration> Find(GetMigrationRequest request, CancellationToken stop)
    {
        string vm = Vm(request.Vm);
        Migration? remembered = null;
        string wanted = request.MigrationId;
        try
        {
            remembered = Newest(await vms.Ask(vm, new GetVm(vm, wanted), stop).ConfigureAwait(false));
            if (remembered.Timeline.Count > 0)
            {
                return remembered;
            }

            wanted = remembered.Id;
        }
        catch (RpcException missing) when (missing.StatusCode == StatusCode.NotFound && wanted.Length > 0)
        {
            // The journal may have it.
        }

        return await index.Old(new VmName(vm), wanted, stop).ConfigureAwait(false)
            ?? remembered
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"VM '{vm}' has no migration '{wanted}'"));
    }

    private async Task<VirtualMachine> Settled(string vm, VirtualMachine started, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(s_startWithin);
        using VmWatch watch = vms.Watch(vm);
        VirtualMachine newest = started;
        try
        {
            await foreach (VmChanged change in watch.Changes.ReadAllAsync(patience.Token).ConfigureAwait(false))
            {
                newest = VirtualMachine.Parser.ParseFrom(change.VirtualMachine);
                if (IsSettled(newest))
                {
                    return newest;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }

        return newest;
    }

    /// <summary>A fresh QEMU is resident as soon as it is recorded, and is continued right after: who asked for a running guest is not shown the moment between.</summary>
    private static bool IsSettled(VirtualMachine vm) => vm.Residence != "Starting" && (vm.Residence != "Resident" || vm.RunState != "prelaunch");

    private static ParallelOptions Live(ServerCallContext context) =>
        new() { MaxDegreeOfParallelism = LiveParallelism, CancellationToken = context.CancellationToken };

    private static string Phase(string word) => Enum.TryParse(word, out MigrationPhase phase) && phase.ToString() == word
        ? word
        : throw new InvalidValueException("phases", word, string.Join(", ", Enum.GetNames<MigrationPhase>()));

    private static string Vm(string name) => new VmName(name).Value;

    private static VirtualMachine Machine(VmAnswer answer)
    {
        VirtualMachine machine = VirtualMachine.Parser.ParseFrom(answer.VirtualMachine);
        if (answer.Message.Length > 0)
        {
            machine.Message = answer.Message;
        }

        return machine;
    }

    private static Migration Newest(VmAnswer answer) => answer.Migration.Length > 0
        ? Migration.Parser.ParseFrom(answer.Migration)
        : throw new RpcException(new Status(StatusCode.NotFound, $"VM '{answer.Vm}' has no migration"));

    private static PolicyChoice Policy(MigrationPolicy? policy) => policy is null
        ? new PolicyChoice(null, null, null, null, null, null, null, null, null)
        : new PolicyChoice(
            policy.HasDowntimeLimitMs ? policy.DowntimeLimitMs : null,
            policy.HasBandwidthBytesPerSec ? policy.BandwidthBytesPerSec : null,
            policy.HasPrepareDeadlineMs ? policy.PrepareDeadlineMs : null,
            policy.HasIterateDeadlineMs ? policy.IterateDeadlineMs : null,
            policy.HasSwitchoverDeadlineMs ? policy.SwitchoverDeadlineMs : null,
            policy.HasVerifyMs ? policy.VerifyMs : null,
            policy.HasMaxAttempts ? policy.MaxAttempts : null,
            policy.HasRehearsalBudgetMs ? policy.RehearsalBudgetMs : null,
            policy.HasRefuseOverBudget ? policy.RefuseOverBudget : null);
}
