using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Chaos;
using Coordinator.Cli.Local;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Coordinator.History;

namespace Coordinator.Cli.Load;

/// <summary>One run from the first host process to the report. Whatever ends it, the simulated hosts, their guests and their files are gone afterwards; the VMs' histories stay in the coordinators' journal.</summary>
internal sealed class LoadRun(LoadOptions options, IReadOnlyList<Uri> servers, Func<LoadClients> connect, CliContext context, Action<string> say)
{
    static readonly TimeSpan s_connectWithin = TimeSpan.FromMinutes(5);
    static readonly TimeSpan s_answerWithin = TimeSpan.FromMinutes(2);
    static readonly TimeSpan s_listedWithin = TimeSpan.FromMinutes(2);
    static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_sayEvery = TimeSpan.FromSeconds(10);
    static readonly TimeSpan s_failoverAtLeast = TimeSpan.FromSeconds(10);

    readonly string run = context.NewRequestId()[^4..];
    readonly List<int> active = [];
    long faultMicros;
    double faultAt;

    public async Task<LoadReport> Run(CancellationToken cancellation)
    {
        var names = new LoadNames(run, options);
        using var clients = connect();
        using var nodes = new NodeWatch(options.Metrics);
        await nodes.Begin(cancellation);
        await NotThereYet(names, clients, cancellation);
        await using var fleet = LoadFleet.Start(options, names, servers, context.BinaryDirectory, LocalCertificates.In(options.Certificates, context.Clock));
        await Connected(names, clients, fleet, cancellation);
        var before = nodes.Sum;
        GuestWatch guests = new(Path.Combine(fleet.History, "guests"));
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] watches = [guests.Follow(following.Token), nodes.Follow(following.Token)];
        LoadTraffic traffic = new(options, names, clients, guests, context.Clock);
        try
        {
            var started = context.Clock.GetTimestamp();
            await traffic.StartVms(cancellation);
            say(string.Create(CultureInfo.InvariantCulture, $"{names.Vms.Count} VMs run on {names.Hosts.Count} hosts after {context.Clock.GetElapsedTime(started).TotalSeconds:0.0} s"));
            var measured = await Load(traffic, nodes, fleet, cancellation);
            var known = await AskAgain(names, clients, traffic.All, cancellation);
            guests.Read();
            return Report(traffic, new LoadJudge(traffic.All, known, new GuestEvidence(guests.Records())), known, measured with { Baseline = before }, fleet, clients);
        }
        finally
        {
            await following.CancelAsync();
            await Task.WhenAll(watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            say("ending the VMs");
            // Also after a Ctrl-C: a VM that nobody stopped would stay with the coordinators for ever, on a host that is gone.
            await new LoadFarewell(clients, context.Clock).Stop(names.Vms);
        }
    }

    /// <summary>The load itself: until the duration is over, or every request of the burst is; then until all is over that was begun.</summary>
    async Task<Measured> Load(LoadTraffic traffic, NodeWatch nodes, LoadFleet fleet, CancellationToken cancellation)
    {
        using var noMore = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await nodes.Look(cancellation);
        var (atFirst, agents, guests) = (nodes.Sum, fleet.Agents, fleet.Guests);
        var began = context.Clock.GetTimestamp();
        var running = traffic.Run(noMore.Token, giveUp.Token);
        var fault = options.FaultAt is { } at ? Strike(at, traffic, noMore.Token) : Task.CompletedTask;
        var said = TimeSpan.Zero;
        Measured? measured = null;
        while (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(s_look, context.Clock, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (fleet.Death() is { } death)
                throw new CommandFailure(ExitCode.Failed, death);
            if (fault.IsFaulted)
                await fault;
            var elapsed = context.Clock.GetElapsedTime(began);
            if (measured is null)
            {
                active.Add(traffic.Going);
                if (options.Requests is null && elapsed >= options.Duration)
                {
                    measured = await Measure();
                    await noMore.CancelAsync();
                }
            }
            if (elapsed > (options.Requests is null ? options.Duration : TimeSpan.Zero) + options.Settle)
                await giveUp.CancelAsync();
            if (elapsed - said > s_sayEvery)
            {
                said = elapsed;
                say(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds,5:0} s: {traffic.All.Count} asked for, {traffic.Going} under way, {traffic.All.Count(migration => migration.Ended is not null)} over"));
            }
        }
        await running;
        measured ??= await Measure();
        await fault;
        return measured;

        async Task<Measured> Measure()
        {
            await nodes.Look(cancellation);
            return new Measured(
                context.Clock.GetElapsedTime(began).TotalSeconds, traffic.All.Count(migration => migration.Ended is not null), nodes.IsOn ? nodes.Sum.Minus(atFirst) : null, nodes.PeakEventsPerSecond, NodeFigures.None,
                fleet.Agents, fleet.Agents.CpuSeconds - agents.CpuSeconds, fleet.Guests, fleet.Guests.CpuSeconds - guests.CpuSeconds);
        }
    }

    async Task Strike(TimeSpan at, LoadTraffic traffic, CancellationToken cancellation)
    {
        var began = context.Clock.GetTimestamp();
        await Task.Delay(at, context.Clock, cancellation);
        faultAt = context.Clock.GetElapsedTime(began).TotalSeconds;
        say(string.Create(CultureInfo.InvariantCulture, $"{faultAt,5:0} s: the fault, with {traffic.Going} migrations under way: {options.Fault}"));
        faultMicros = HistoryClock.NowMicros();
        await FaultCommand.Run("the fault's command", options.Fault, new Dictionary<string, string>(StringComparer.Ordinal), cancellation);
    }

    LoadReport Report(LoadTraffic traffic, LoadJudge judge, IReadOnlyDictionary<string, IReadOnlyList<Migration>> known, Measured measured, LoadFleet fleet, LoadClients clients)
    {
        var asked = traffic.All;
        var first = asked.Select(migration => migration.AskedMicros).DefaultIfEmpty().Min();
        foreach (var reason in judge.Reasons())
            say(reason);
        var fault = faultMicros > 0 ? Fault(asked, known, Path.Combine(fleet.History, "agents")) : null;
        var untilMicros = faultMicros + (long)Math.Max(s_failoverAtLeast.TotalMicroseconds, (fault?.DrivenAgainMs?.Max ?? 0) * 1_000);
        var moves = judge.Moves().ToList();
        var settled = measured.Ended == 0 ? 1 : measured.Ended;
        var median = active.Count > 0 ? active.Order().ElementAt(active.Count / 2) : 0;
        return new()
        {
            Run = run,
            Hosts = options.Hosts,
            Vms = options.Vms,
            Queues = options.Queues,
            Seed = options.Seed,
            LoadedSeconds = measured.Seconds,
            Requests = asked.Count,
            Acknowledged = asked.Count(migration => migration.IsAcknowledged),
            RefusedRequests = asked.Count(migration => migration.Refusal.Length > 0),
            Unanswered = asked.Count(migration => !migration.IsAcknowledged && migration.Refusal.Length == 0),
            Repeated = clients.Repeated,
            Outcomes = judge.Outcomes(),
            ActiveMedian = median,
            StartedPerSecond = asked.Count(migration => migration.IsAcknowledged && migration.AskedMicros <= first + (measured.Seconds * 1e6)) / measured.Seconds,
            EndedPerSecond = measured.Ended / measured.Seconds,
            AcknowledgedAfterMs = Distribution.Of(asked.Select(migration => migration.AcknowledgedAfter?.TotalMilliseconds).OfType<double>()),
            AllAcknowledgedAfterSeconds = asked.Where(migration => migration.IsAcknowledged)
                .Select(migration => ((migration.AskedMicros - first) / 1e6) + migration.AcknowledgedAfter!.Value.TotalSeconds).DefaultIfEmpty().Max(),
            BlackoutMs = Blackouts(moves, untilMicros, move => move.Move.StoodMicros / 1_000.0),
            OwnBlackoutMs = Blackouts(moves, untilMicros, move => move.Migration.Blackout is { } own ? own.TotalMicros / 1_000.0 : null),
            Fault = fault,
            Cost = new()
            {
                EventsPerSecond = measured.Nodes?.Events / measured.Seconds,
                PeakEventsPerSecond = measured.Nodes is null ? null : measured.Peak,
                EventsPerMigration = measured.Nodes?.Events / settled,
                JournalBytesPerMigration = measured.Nodes?.JournalBytes / settled,
                CoordinatorCpuMsPerMigration = measured.Nodes?.CpuSeconds * 1_000 / settled,
                AgentCpuMsPerMigration = measured.AgentCpuSeconds * 1_000 / settled,
                GuestCpuMsPerMigration = measured.GuestCpuSeconds * 1_000 / settled,
                ManagedBytesPerActive = median > 0 && measured.Nodes is { } figures ? Math.Max(0, figures.LiveBytes - measured.Baseline.LiveBytes) / median : null,
                CoordinatorsResidentMiB = measured.Nodes?.ResidentBytes / (1 << 20),
                AgentsResidentMiB = measured.Agents.ResidentBytes / (double)(1 << 20),
                GuestsResidentMiB = measured.Guests.ResidentBytes / (double)(1 << 20),
            },
            Lost = judge.Lost(),
            Doubled = judge.Doubled(),
            Untrue = judge.Untrue(),
        };
    }

    LoadReport.FaultReport Fault(IReadOnlyCollection<LoadedMigration> asked, IReadOnlyDictionary<string, IReadOnlyList<Migration>> known, string agents)
    {
        var takeOver = TakeOver.Read(agents, faultMicros);
        var then = asked.Where(migration => migration.IsAcknowledged && migration.AskedMicros + migration.AcknowledgedAfter!.Value.TotalMicroseconds <= faultMicros)
            .Select(migration => known.GetValueOrDefault(migration.Vm, []).FirstOrDefault(one => one.Id == migration.Id)).OfType<Migration>()
            .Where(migration => migration.EndedAt is null || HistoryClock.Micros(migration.EndedAt.ToDateTimeOffset()) > faultMicros).ToList();
        var lives = then.Select(takeOver.Of).OfType<TakenOver>().ToList();
        return new(
            faultAt, then.Count, lives.Count, lives.Count(life => life.ObeyedAfter is null), Distribution.Of(lives.Select(life => life.ClaimedAfter.TotalMilliseconds)),
            Distribution.Of(lives.Select(life => life.ObeyedAfter?.TotalMilliseconds).OfType<double>()));
    }

    LoadReport.Blackouts Blackouts(IReadOnlyList<(Migration Migration, GuestMove Move)> moves, long untilMicros, Func<(Migration Migration, GuestMove Move), double?> figure)
    {
        Distribution? Of(Func<GuestMove, bool> when) => Distribution.Of(moves.Where(move => when(move.Move)).Select(figure).OfType<double>());
        return faultMicros == 0
            ? new(Of(_ => true), null, null)
            : new(Of(move => move.AtMicros < faultMicros), Of(move => move.AtMicros >= faultMicros && move.AtMicros <= untilMicros), Of(move => move.AtMicros > untilMicros));
    }

    /// <summary>Names are drawn by lot, and what bears them already is somebody else's.</summary>
    async Task NotThereYet(LoadNames names, LoadClients clients, CancellationToken cancellation)
    {
        var hosts = await clients.Ask((api, call) => api.ListHostsAsync(new ListHostsRequest(), call), TimeSpan.Zero, cancellation);
        if (hosts.Hosts.FirstOrDefault(host => host.Name.StartsWith(names.Prefix, StringComparison.Ordinal)) is { } other)
            throw new CommandFailure(ExitCode.Refused, $"there is a host {other.Name} already, of another load; try again, another name is drawn then");
    }

    async Task Connected(LoadNames names, LoadClients clients, LoadFleet fleet, CancellationToken cancellation)
    {
        var began = context.Clock.GetTimestamp();
        while (true)
        {
            var hosts = await clients.Ask((api, call) => api.ListHostsAsync(new ListHostsRequest(), call), s_answerWithin, cancellation);
            var connected = hosts.Hosts.Count(host => host.Connected && host.Name.StartsWith(names.Prefix, StringComparison.Ordinal));
            if (connected == names.Hosts.Count)
                break;
            if (fleet.Death() is { } death)
                throw new CommandFailure(ExitCode.Failed, death);
            if (context.Clock.GetElapsedTime(began) > s_connectWithin)
                throw new CommandFailure(ExitCode.Failed, string.Create(CultureInfo.InvariantCulture, $"only {connected} of {names.Hosts.Count} hosts have connected within {s_connectWithin.TotalMinutes:0} min"));
            await Task.Delay(s_look, context.Clock, cancellation);
        }
        say(string.Create(CultureInfo.InvariantCulture, $"{names.Hosts.Count} hosts {names.Prefix}* are connected after {context.Clock.GetElapsedTime(began).TotalSeconds:0.0} s"));
    }

    /// <summary>The lists are tables that follow the journal: what was acknowledged and does not stand there yet is waited for, a while.</summary>
    async Task<IReadOnlyDictionary<string, IReadOnlyList<Migration>>> AskAgain(LoadNames names, LoadClients clients, IReadOnlyCollection<LoadedMigration> asked, CancellationToken cancellation)
    {
        say("asking the coordinators what they know of every migration");
        var seen = asked.Select(migration => migration.Ended).OfType<Migration>().ToDictionary(ended => ended.Id, StringComparer.Ordinal);
        var acknowledged = asked.Where(migration => migration.IsAcknowledged).ToLookup(migration => migration.Vm, migration => migration.Id, StringComparer.Ordinal);
        ConcurrentDictionary<string, IReadOnlyList<Migration>> known = new(StringComparer.Ordinal);
        var began = context.Clock.GetTimestamp();
        await Parallel.ForEachAsync(names.Vms, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation }, async (vm, stop) =>
        {
            var listed = await List(vm, clients, stop);
            while (acknowledged[vm].Except(listed.Select(one => one.Id), StringComparer.Ordinal).Any() && context.Clock.GetElapsedTime(began) < s_listedWithin)
            {
                await Task.Delay(s_look, context.Clock, stop);
                listed = await List(vm, clients, stop);
            }
            known[vm] = await Whole(listed, seen, clients, stop);
        });
        return known;
    }

    static async Task<List<Migration>> List(string vm, LoadClients clients, CancellationToken cancellation)
    {
        List<Migration> listed = [];
        var request = new ListMigrationsRequest { Vm = vm };
        do
        {
            var page = await clients.Ask((api, call) => api.ListMigrationsAsync(request, call), s_answerWithin, cancellation);
            listed.AddRange(page.Migrations);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return listed;
    }

    /// <summary>Lists show no timelines: what has ended was seen whole then, and the rest is asked of its entity.</summary>
    static async Task<IReadOnlyList<Migration>> Whole(List<Migration> listed, Dictionary<string, Migration> seen, LoadClients clients, CancellationToken cancellation)
    {
        for (var i = 0; i < listed.Count; i++)
        {
            var one = listed[i];
            if (seen.TryGetValue(one.Id, out var whole) && whole.Phase == one.Phase)
                listed[i] = whole;
            else if (!one.Terminal)
                listed[i] = await clients.Ask((api, call) => api.GetMigrationAsync(new GetMigrationRequest { Vm = one.Vm, MigrationId = one.Id }, call), s_answerWithin, cancellation);
        }
        return listed;
    }

    /// <summary>Taken when nothing more is begun, so that the slow end of a load does not thin it out.</summary>
    sealed record Measured(
        double Seconds, int Ended, NodeFigures? Nodes, double Peak, NodeFigures Baseline, ProcessCost Agents, double AgentCpuSeconds, ProcessCost Guests, double GuestCpuSeconds);
}
