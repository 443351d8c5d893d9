using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Coordinator.Actors.Admission;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Draining;

/// <summary>A drain, what it has tried, and what it would do now.</summary>
/// <param name="Drain">As recorded; for a rehearsal as it would be.</param>
/// <param name="Tries">Oldest first.</param>
/// <param name="Source">The host with its guests; null when that is not known now.</param>
/// <param name="Plan">Null when it is not known now, or the drain has ended.</param>
/// <param name="Unknown">Why it is not known; empty otherwise.</param>
public sealed record DrainView(DrainRecord Drain, IReadOnlyList<DrainTry> Tries, DrainHost? Source, DrainPlan? Plan, string Unknown);

/// <summary>Drains for operators, at any node: the database holds the wish, one actor in the cluster carries it out, and everybody can work out what it will do next.</summary>
public sealed class DrainDesk
{
    private readonly DrainTable _table;
    private readonly DrainSurvey _survey;
    private readonly IActorRef _mediator;

    private DrainDesk(DrainTable table, DrainSurvey survey, IActorRef mediator) => (_table, _survey, _mediator) = (table, survey, mediator);

    /// <summary>Of a node whose actors run.</summary>
    public static DrainDesk Of(ActorSystem system, IHostDirectory hosts, CordonBoard cordons, HoldBoard hold, FleetBoard fleet, TimeProvider clock)
    {
        SqlStore store = system.Settings.Setup.Get<SqlStoreSetup>().Value.Store;
        DrainSources sources = new(
            ActorRegistry.For(system).Get<VmRegionKey>(), new ReadModelQueries(store), hosts, cordons, hold, fleet, clock, AdmissionSettings.Of(system.Settings.Config).BackOffAfter);
        return new DrainDesk(new DrainTable(store), new DrainSurvey(sources), DistributedPubSub.Get(system).Mediator);
    }

    /// <returns>The drain of this request, and why it is not one; empty if it is.</returns>
    /// <exception cref="System.Data.Common.DbException">The database does not answer. It may have been recorded; the same request id finds out.</exception>
    public (DrainRecord Drain, string Refusal) Begin(RequestId request, DrainJob job, SignedWord word)
    {
        (DrainRecord drain, bool isOfThisRequest) = _table.Begin(request, job.Checked(), word);
        _mediator.Tell(new Publish(CordonActor.Topic, new CordonsChanged(0)));
        return (drain, !isOfThisRequest ? $"{drain.Asked}; look at it with 'coordctl host drain {job.Host} --status', or end it with --cancel"
            : drain.Job != job ? $"this request id has drained {drain.Job}; a new request needs a new id"
            : "");
    }

    /// <summary>Ends the newest drain of the host; one that has ended stays as it is.</summary>
    /// <returns>Null when there never was one.</returns>
    public DrainRecord? Cancel(HostName host, SignedWord word)
    {
        if (_table.Newest(host) is { EndedAt: null } drain)
        {
            _table.End(drain.Id, DrainOutcome.Cancelled, $"ended by {word.By}: {word.Proof}; what it had asked for goes on");
        }

        return _table.Newest(host);
    }

    /// <summary>The host's newest drain.</summary>
    /// <returns>Null when there never was one.</returns>
    public async Task<DrainView?> Look(HostName host, CancellationToken stop) => _table.Newest(host) is { } drain ? await View(drain, stop).ConfigureAwait(false) : null;

    /// <summary>What a drain would begin with; nothing is written and nobody is asked to move.</summary>
    public Task<DrainView> Rehearse(DrainJob job, SignedWord word, DateTimeOffset now, CancellationToken stop) =>
        View(new DrainRecord(Guid.Empty, job.Checked(), word.By, word.Proof, now, EndedAt: null, Outcome: null, ""), stop);

    private async Task<DrainView> View(DrainRecord drain, CancellationToken stop)
    {
        IReadOnlyList<DrainTry> tries = _table.Tries(drain.Id);
        if (drain.EndedAt is not null)
        {
            return new DrainView(drain, tries, Source: null, Plan: null, "");
        }

        try
        {
            DrainFacts facts = await _survey.Look(drain.Job, tries, stop).ConfigureAwait(false);
            return new DrainView(drain, tries, facts.Source, DrainPlan.Of(drain.Job, facts.Source, facts.Others), "");
        }
        catch (DrainBlindException blind)
        {
            return new DrainView(drain, tries, Source: null, Plan: null, blind.Message);
        }
    }
}
