using System.Collections.Concurrent;
using Akka.Actor;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.ReadModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Draining;

/// <summary>What is known of a host and its guests at one moment.</summary>
/// <param name="Source">The host to be emptied, with those on it and on their way to it.</param>
/// <param name="Others">All other hosts.</param>
/// <param name="Ended">Tries that have ended since they were last looked at.</param>
internal sealed record DrainFacts(DrainHost Source, IReadOnlyList<DrainHost> Others, IReadOnlyList<DrainTry> Ended);

/// <summary>
/// Looks up where guests are: names from the read model, which must have everything that was journalled before the question (a host is never called empty because a list was late), all else from the
/// VMs' entities themselves. Any node can do it; nothing of it is kept.
/// </summary>
internal sealed class DrainSurvey(DrainSources sources)
{
    private const int Parallelism = 16;

    private static readonly TimeSpan s_caughtUpWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_answeredWithin = TimeSpan.FromSeconds(3);

    /// <summary>Labels of guests on other hosts, for placing; they change with a new definition only.</summary>
    private static readonly TimeSpan s_labelsKeptFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (DateTimeOffset At, DrainGuest Guest)> _elsewhere = new(StringComparer.Ordinal);

    /// <exception cref="DrainBlindException">Not everything is known now.</exception>
    public async Task<DrainFacts> Look(DrainJob job, IReadOnlyList<DrainTry> tries, CancellationToken stop)
    {
        ILookup<string, string> residents = await Residents(stop).ConfigureAwait(false);
        IReadOnlyList<KnownHost> hosts = sources.Hosts.All;
        ConcurrentDictionary<string, VmAnswer?> answers = await Ask(residents[job.Host.Value].Select(vm => new GetVm(vm, "")), stop).ConfigureAwait(false);
        FleetPicture fleet = sources.Fleet.Picture();
        List<VmSummary> moving = fleet.Vms.Where(v => v.MigrationId.Length > 0 && !v.Terminal).ToList();
        List<DrainGuest> here = answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => Guest(job, a.Key, a.Value, tries)).ToList();
        here.AddRange(moving.Where(v => v.DestinationHost == job.Host.Value && !answers.ContainsKey(v.Vm))
            .Select(v => new DrainGuest(new VmName(v.Vm), 0, [], []) { Obstacle = $"is on its way here from {v.SourceHost}, and is moved on once it has come" }));

        // Without labels here nothing there can stand in the way.
        ILookup<string, DrainGuest> elsewhere = here.Any(g => g.Labels.Count > 0)
            ? await Elsewhere(job, residents, moving, stop).ConfigureAwait(false)
            : Enumerable.Empty<(string Host, DrainGuest Guest)>().ToLookup(g => g.Host, g => g.Guest, StringComparer.Ordinal);
        return new DrainFacts(
            Host(job.Host, hosts.FirstOrDefault(h => h.Name == job.Host.Value), here),
            hosts.Where(h => h.Name != job.Host.Value).Select(h => Destination(h, here, elsewhere[h.Name])).ToList(),
            await Ended(tries, answers, stop).ConfigureAwait(false));
    }

    private async Task<ILookup<string, string>> Residents(CancellationToken stop)
    {
        if (!sources.Fleet.Picture().IsFilled)
        {
            throw new DrainBlindException("this node has not read the fleet yet");
        }

        return await sources.Queries.CatchUp(s_caughtUpWithin, sources.Clock, stop).ConfigureAwait(false)
            ? sources.Queries.Residents()
            : throw new DrainBlindException("the read model is behind the journal: nobody projects, or the database is slow");
    }

    private DrainGuest Guest(DrainJob job, string name, VmAnswer? answer, IReadOnlyList<DrainTry> all)
    {
        VmName vm = new(name);
        List<DrainTry> tries = all.Where(t => t.Vm == vm).ToList();
        List<DrainTry> failed = tries.Where(t => t.HasFailed).ToList();
        DrainGuest guest = new(vm, 0, [], [])
        {
            Failures = failed.Count,
            FailedAt = failed.LastOrDefault()?.Destination,
            BacksOff = failed.LastOrDefault() is { EndedAt: { } at } && sources.Clock.GetUtcNow() < at + sources.BackOffAfter(failed.Count),
        };
        if (answer is not { Kind: AnswerKind.Accepted })
        {
            return guest with { Obstacle = answer is null ? "its entity does not answer; its coordinator may be restarting" : answer.Message };
        }

        Api.VirtualMachine machine = Api.VirtualMachine.Parser.ParseFrom(answer.VirtualMachine);
        Api.Migration? migration = answer.Migration.Length > 0 ? Api.Migration.Parser.ParseFrom(answer.Migration) : null;
        guest = Described(guest, machine);
        return migration is { Terminal: false }
            ? guest with
            {
                GoesTo = new HostName(migration.DestinationHost),
                IsQueued = migration.Phase is nameof(MigrationPhase.Pending) or nameof(MigrationPhase.Scheduling),
                IsOurs = tries.Any(t => t.MigrationId == migration.Id),
            }
            : guest with { Obstacle = Obstacle(job, machine, tries) };
    }

    private string Obstacle(DrainJob job, Api.VirtualMachine machine, List<DrainTry> tries) =>
        machine.Residence != "Resident" ? $"is {machine.Residence}"
        : tries.Any(t => t.IsOpen) ? "was asked to move, and has not answered yet"
        : sources.Hold.Current is { } hold ? $"waits: {hold}"
        : sources.Hosts.Find(job.Host.Value) is not { Connected: true } ? $"waits for the agent of {job.Host}, which is not connected"
        : machine.MemoryMib == 0 ? "waits for its agent's report"
        : "";

    private static DrainGuest Described(DrainGuest guest, Api.VirtualMachine machine) => guest with
    {
        MemoryMiB = machine.MemoryMib,
        Labels = [.. machine.Labels.Select(l => new VmLabel(l.Key, l.Value))],
        AntiAffinity = [.. machine.AntiAffinity],
    };

    /// <summary>Guests of the other hosts where they are, and where they are going to.</summary>
    private async Task<ILookup<string, DrainGuest>> Elsewhere(DrainJob job, ILookup<string, string> residents, List<VmSummary> moving, CancellationToken stop)
    {
        List<(string Host, string Vm)> places = residents.Where(r => r.Key != job.Host.Value).SelectMany(r => r.Select(vm => (r.Key, vm)))
            .Concat(moving.Select(v => (v.DestinationHost, v.Vm))).Distinct().ToList();
        DateTimeOffset now = sources.Clock.GetUtcNow();
        ConcurrentDictionary<string, VmAnswer?> answers = await Ask(
            places.Select(p => p.Vm).Distinct(StringComparer.Ordinal).Where(vm => !_elsewhere.TryGetValue(vm, out var known) || now - known.At > s_labelsKeptFor).Select(vm => new GetVm(vm, "")),
            stop).ConfigureAwait(false);
        foreach ((string vm, VmAnswer? answer) in answers)
        {
            // One that does not answer is taken as it was; the host's agent has the last word on its memory, and labels seldom change.
            if (answer is { Kind: AnswerKind.Accepted })
            {
                _elsewhere[vm] = (now, Described(new DrainGuest(new VmName(vm), 0, [], []), Api.VirtualMachine.Parser.ParseFrom(answer.VirtualMachine)));
            }
        }

        return places.Where(p => _elsewhere.ContainsKey(p.Vm)).ToLookup(p => p.Host, p => _elsewhere[p.Vm].Guest, StringComparer.Ordinal);
    }

    /// <summary>With those who leave for it: they are still here by every list, and the host's agent knows nothing yet of one that waits for its turn.</summary>
    private DrainHost Destination(KnownHost known, List<DrainGuest> here, IEnumerable<DrainGuest> guests)
    {
        HostName name = new(known.Name);
        List<DrainGuest> coming = here.Where(g => g.GoesTo == name).ToList();
        DrainHost host = Host(name, known, guests.Concat(coming));
        return host with { MemoryFreeMiB = host.MemoryFreeMiB - coming.Where(g => g.IsQueued).Sum(g => g.MemoryMiB) };
    }

    private DrainHost Host(HostName name, KnownHost? known, IEnumerable<DrainGuest> guests) => new(
        name, known is { Connected: true }, sources.Cordons.Of(name)?.Reason, known?.Hello.Driver ?? "", known?.MemoryFreeMiB ?? 0, [.. guests]);

    private async Task<IReadOnlyList<DrainTry>> Ended(IReadOnlyList<DrainTry> tries, ConcurrentDictionary<string, VmAnswer?> answers, CancellationToken stop)
    {
        List<DrainTry> open = tries.Where(t => t is { IsOpen: true, MigrationId: not null }).ToList();
        List<DrainTry> ended = [];
        ConcurrentDictionary<string, VmAnswer?> asked = await Ask(open.Select(t => new GetVm(t.Vm.Value, t.MigrationId!)), stop).ConfigureAwait(false);
        foreach (DrainTry tried in open)
        {
            byte[]? view = asked.GetValueOrDefault(tried.Vm.Value) switch
            {
                { Kind: AnswerKind.Accepted, Migration: { Length: > 0 } newest } => newest,
                { Kind: AnswerKind.NotFound } => sources.Queries.Migration(tried.MigrationId!),
                _ => null,
            };
            if (view is not null && Api.Migration.Parser.ParseFrom(view) is { Terminal: true } end)
            {
                ended.Add(tried with
                {
                    EndedAt = sources.Clock.GetUtcNow(),
                    Outcome = end.Phase,
                    Verdict = end.Verdict,
                    BlackoutMicros = end.Blackout?.TotalMicros,
                    Reason = end.Reason,
                });
            }
        }

        return ended;
    }

    private async Task<ConcurrentDictionary<string, VmAnswer?>> Ask(IEnumerable<GetVm> questions, CancellationToken stop)
    {
        ConcurrentDictionary<string, VmAnswer?> answers = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(questions, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = stop }, async (question, cancelled) =>
        {
            try
            {
                answers[question.Vm] = await sources.Region.Ask<VmAnswer>(question, s_answeredWithin, cancelled).ConfigureAwait(false);
            }
            catch (AskTimeoutException)
            {
                answers[question.Vm] = null;
            }
        }).ConfigureAwait(false);
        return answers;
    }
}

/// <summary>Not everything that a drain has to know can be known now; it is tried again.</summary>
internal sealed class DrainBlindException(string message) : Exception(message);

/// <summary>Where a drain looks.</summary>
internal sealed record DrainSources(
    IActorRef Region, ReadModelQueries Queries, IHostDirectory Hosts, CordonBoard Cordons, HoldBoard Hold, FleetBoard Fleet, TimeProvider Clock, Func<int, TimeSpan> BackOffAfter);
