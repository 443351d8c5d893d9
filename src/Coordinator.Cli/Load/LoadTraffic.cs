using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Coordinator.History;

namespace Coordinator.Cli.Load;

/// <summary>Starts the VMs and asks for their migrations: a closed loop, in which a VM whose migration has ended moves on at once, or one burst.</summary>
internal sealed class LoadTraffic(LoadOptions options, LoadNames names, LoadClients clients, GuestWatch guests, TimeProvider clock)
{
    const int StartedAtATime = 32;
    const int AskedAtATime = 256;

    static readonly TimeSpan s_answerWithin = TimeSpan.FromMinutes(5);
    static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_lookAnyway = TimeSpan.FromSeconds(30);

    readonly ConcurrentQueue<LoadedMigration> all = new();
    readonly SemaphoreSlim places = new(AskedAtATime);

    /// <summary>Everything that was asked for so far.</summary>
    public IReadOnlyCollection<LoadedMigration> All => all;

    public int Going => all.Count(migration => migration is { IsAcknowledged: true, Ended: null });

    /// <summary>Evenly over the hosts.</summary>
    public Task StartVms(CancellationToken cancellation) =>
        Parallel.ForEachAsync(names.Vms.Select((vm, number) => (vm, number)), new ParallelOptions { MaxDegreeOfParallelism = StartedAtATime, CancellationToken = cancellation }, async (one, stop) =>
        {
            var request = new StartVirtualMachineRequest { RequestId = $"{one.vm}-start", Host = names.Hosts[one.number % names.Hosts.Count], DefinitionYaml = names.Definition(one.vm) };
            var started = await clients.Ask((api, call) => api.StartVirtualMachineAsync(request, call), s_answerWithin, stop);
            while (started.Residence != "Resident")
            {
                if (started.Residence == "Absent")
                    throw new CommandFailure(ExitCode.Failed, $"{one.vm} could not be started: {started.Message}");
                await Task.Delay(s_look, clock, stop);
                started = await clients.Ask((api, call) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = one.vm }, call), s_answerWithin, stop);
            }
        });

    /// <param name="noMore">From here nothing more is begun.</param>
    /// <param name="giveUp">From here what has not ended is not waited for.</param>
    public Task Run(CancellationToken noMore, CancellationToken giveUp) =>
        Task.WhenAll(names.Vms.Select((vm, number) => options.Requests is null ? Loop(vm, number, noMore, giveUp) : Once(vm, number, giveUp)));

    /// <summary>Spread over the shortest copy time, so that the first switchovers do not come all at once; later the drawn times spread them.</summary>
    async Task Loop(string vm, int number, CancellationToken noMore, CancellationToken giveUp)
    {
        var lot = new Random(options.Seed ^ (number * 7_919));
        var at = number % names.Hosts.Count;
        try
        {
            for (var round = 1; !noMore.IsCancellationRequested; round++)
            {
                var to = (at + 1 + lot.Next(names.Hosts.Count - 1)) % names.Hosts.Count;
                var migration = await Migrate(vm, to, round, noMore, giveUp);
                if (migration.Ended is { } ended && MigrationOutcome.NeedsAPerson(ended))
                    return;
                at = migration.Ended is { Phase: "Succeeded" } ? to : await HostOf(vm, at, noMore);
            }
        }
        catch (OperationCanceledException) when (noMore.IsCancellationRequested || giveUp.IsCancellationRequested)
        {
            // What was acknowledged is asked about once more at the end.
        }
    }

    async Task Once(string vm, int number, CancellationToken giveUp)
    {
        try
        {
            await Migrate(vm, (number + 1 + (number / names.Hosts.Count % (names.Hosts.Count - 1))) % names.Hosts.Count, round: 1, CancellationToken.None, giveUp);
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            // As above.
        }
    }

    /// <summary>After one that did not go well: where the guest is by the coordinators' word, a moment later.</summary>
    async Task<int> HostOf(string vm, int before, CancellationToken cancellation)
    {
        await Task.Delay(s_look, clock, cancellation);
        var known = await clients.Ask((api, call) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = vm }, call), s_answerWithin, cancellation);
        return names.Hosts.Select((host, number) => (host, number)).Where(one => one.host == known.Host).Select(one => (int?)one.number).FirstOrDefault() ?? before;
    }

    async Task<LoadedMigration> Migrate(string vm, int to, int round, CancellationToken noMore, CancellationToken giveUp)
    {
        var requestId = string.Create(CultureInfo.InvariantCulture, $"{vm}-{round}");
        var request = new StartMigrationRequest { RequestId = requestId, Vm = vm, DestinationHost = names.Hosts[to], Policy = new MigrationPolicy { IterateDeadlineMs = 4 * 3_600_000 } };
        var begins = guests.Begins(vm);
        await places.WaitAsync(noMore);
        var migration = new LoadedMigration(vm, requestId) { AskedMicros = HistoryClock.NowMicros() };
        try
        {
            all.Enqueue(migration);
            var asked = clock.GetTimestamp();
            // Not to be cut off by the end of the load: a request whose answer nobody waits for might be taken on unseen.
            var answer = await clients.Ask((api, call) => api.StartMigrationAsync(request, call), s_answerWithin, giveUp);
            migration.AcknowledgedAfter = clock.GetElapsedTime(asked);
            migration.Id = answer.Id;
        }
        catch (CommandFailure refused)
        {
            migration.Refusal = refused.Message;
            return migration;
        }
        finally
        {
            places.Release();
        }
        await End(migration, begins, giveUp);
        return migration;
    }

    async Task End(LoadedMigration migration, Task begins, CancellationToken giveUp)
    {
        while (migration.Ended is null)
        {
            await Task.WhenAny(begins, Task.Delay(s_lookAnyway, clock, giveUp));
            await Task.Delay(s_look, clock, giveUp);
            var now = await clients.Ask(
                (api, call) => api.GetMigrationAsync(new GetMigrationRequest { Vm = migration.Vm, MigrationId = migration.Id }, call), s_answerWithin, giveUp);
            migration.Ended = MigrationOutcome.EndsWatch(now) ? now : null;
        }
    }
}
