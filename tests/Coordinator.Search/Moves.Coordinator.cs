using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Search;

public sealed partial class Moves
{
    private static int EntityIn(World world, int slot) => slot == 0 ? world.First : world.Second;

    private static World With(World world, int slot, int entity) => slot == 0 ? world with { First = entity } : world with { Second = entity };

    /// <summary>The current incarnation is always <see cref="World.First"/>; with a journal that accepts two writers, one that was overtaken while it lived is <see cref="World.Second"/>.</summary>
    private void CoordinatorMoves(World world, int slot, Found found)
    {
        VmState journal = Journals[world.Journal];
        if (slot == 0)
        {
            StartIncarnation(world, journal, found);
        }

        if (EntityIn(world, slot) < 0)
        {
            return;
        }

        VmEntity entity = Entities[EntityIn(world, slot)];
        foreach (VmEffect effect in EffectsOfEntity(EntityIn(world, slot)))
        {
            Perform(world, slot, entity, effect, found);
        }

        if (WithFaults && _options.CoordinatorFaults)
        {
            found(Renumbered(With(world, slot, -1)), Say($"coordinator {entity.State.Epoch} crashes"), isFault: true);
        }

        ReadReports(world, slot, entity, found);
        if (!_options.EagerRecording && _rules.Next(entity) is { } next)
        {
            Persist(world, slot, entity, [next], Say($"coordinator {entity.State.Epoch} records {Name(next)}"), isFault: false, found);
        }

        if (_options.Person)
        {
            PersonMoves(world, slot, entity, found);
        }

        if (_options.Cancel && !world.Happened.HasFlag(Happened.CancelAsked))
        {
            Decision<VmReply, VmEvent> decision = _rules.Decide(entity, new VmCommand.Cancel(new RequestId("c1")));
            Persist(world with { Happened = world.Happened | Happened.CancelAsked }, slot, entity, decision.Events, "the client asks for cancel", isFault: false, found);
        }
    }

    private void StartIncarnation(World world, VmState journal, Found found)
    {
        bool overlaps = world.First >= 0;
        if (journal.Epoch.Value >= _options.MaxEpochs || (overlaps && (!WithFaults || world.Second >= 0 || !_options.CoordinatorFaults)))
        {
            return;
        }

        VmEntity fresh = new(journal);
        IncarnationId id = new(new Guid((int)journal.Epoch.Value + 1, 0, 0, new byte[8]));
        VmEvent claim = _rules.Decide(fresh, new VmCommand.Claim(id, Epoch.None)).Events[0];
        VmEntity claimed = VmTransitions.Apply(fresh, claim);
        claimed = _options.EagerRecording ? Recorded(claimed) : claimed;

        World next = world with { First = Entities.Of(claimed), Journal = Journals.Of(claimed.State) };
        if (overlaps && (_rules.JournalAcceptsTwoWriters || LastWords(world.First) != 0))
        {
            next = _rules.JournalAcceptsTwoWriters ? next with { Second = world.First } : next with { Sent = Sets.Union(world.Sent, LastWords(world.First)) };
        }

        found(next, Say($"coordinator {claimed.State.Epoch} takes over{(overlaps ? " while another one lives" : "")}"), isFault: overlaps);
    }

    /// <summary>
    /// Without a command under way nobody remembers a dead coordinator's epoch: the next one may as well be the first. The numbers begin anew, so that worlds which differ in
    /// nothing but them are one.
    /// </summary>
    private World Renumbered(World world)
    {
        if (world.First >= 0 || world.Second >= 0 || _rules.JournalAcceptsTwoWriters || Sets[world.Sent].Any(member => (member & 1) == 0))
        {
            return world;
        }

        return world with
        {
            Journal = Journals.Of(Journals[world.Journal] with { Epoch = Epoch.None, Incarnation = default }),
            Source = Sources.Of(Sources[world.Source] with { Floor = CommandFloor.Lowest }),
            Destination = Destinations.Of(Destinations[world.Destination] with { Floor = CommandFloor.Lowest }),
        };
    }

    /// <summary>
    /// With a linear journal an overtaken incarnation can record nothing, so all it can still do is send what its state asks for, early or late, again and again: exactly what a
    /// message under way does. News could only make it send less.
    /// </summary>
    private int LastWords(int entity)
    {
        if (!_lastWords.TryGetValue(entity, out int words))
        {
            VmState state = Entities[entity].State;
            words = _rules.Effects(new VmEntity(state))
                .Where(e => e is VmEffect.PrepareDestination or VmEffect.StartAttempt or VmEffect.CancelAttempt or VmEffect.CleanUpDestination or VmEffect.AbandonDestination or VmEffect.EndSource
                    or VmEffect.KeepSourceByWord or VmEffect.GiveUpSource or VmEffect.RunDestinationByWord or VmEffect.CarryRelease or VmEffect.EndOverruled)
                .Aggregate(0, (set, effect) => Sets.Add(set, Commands.Of(new Command(state.Epoch, state.Incarnation, effect)) << 1));
            _lastWords.Add(entity, words);
        }

        return words;
    }

    private void ReadReports(World world, int slot, VmEntity entity, Found found)
    {
        int before = EntityIn(world, slot);
        bool mayRecord = entity.State.Epoch == Journals[world.Journal].Epoch || _rules.JournalAcceptsTwoWriters;
        if (Sources[world.Source].Alive && HeardSource(before, world.Source, mayRecord) is var afterSource && afterSource != before)
        {
            found(Replaced(world, slot, afterSource), Say($"coordinator {entity.State.Epoch} hears the source: {Sources[world.Source].Handoff.Stage}"), isFault: false);
        }

        if (Destinations[world.Destination].Alive && HeardDestination(before, world.Destination, mayRecord) is var afterDestination && afterDestination != before)
        {
            found(Replaced(world, slot, afterDestination), Say($"coordinator {entity.State.Epoch} hears the destination: {Destinations[world.Destination].Handoff.Stage}"), isFault: false);
        }
    }

    /// <summary>The queues of both sides are compared as soon as both have reported; here every configuration is equal.</summary>
    private VmEntity Heard(VmEntity entity, HostReport report)
    {
        VmEntity heard = entity.With(Essence(report));
        return heard.State.Migration is { Prepared: true } m ? heard with { QueuesReadyFor = m.Attempt } : heard;
    }

    /// <summary>With two writers the older incarnation's events fork off; the newer one's journal is what a third would read.</summary>
    private World Replaced(World world, int slot, int entity)
    {
        int state = StateOfEntity(entity);
        bool writes = state != world.Journal && Journals[state].Epoch == Journals[world.Journal].Epoch;
        return With(world, slot, entity) with { Journal = writes ? state : world.Journal };
    }

    private VmEntity Recorded(VmEntity entity)
    {
        VmEntity recorded = entity;
        while (_rules.Next(recorded) is { } next)
        {
            recorded = Plain(VmTransitions.Apply(recorded, next));
            if (recorded.State.Migration is { Prepared: true } m && recorded.Reports.Count > 1)
            {
                recorded = recorded with { QueuesReadyFor = m.Attempt };
            }
        }

        return recorded;
    }

    /// <summary>
    /// Stages between which <see cref="VmProgress"/> makes no difference are one here, and so are the sentences that explain an end: the same decisions from fewer states.
    /// </summary>
    private HostReport Essence(HostReport report) => report with
    {
        Source = report.Source with
        {
            Answer = RegisterAnswer.Undecided,
            Refused = AttemptNo.None,
            Stage = report.Source.Stage switch
            {
                SourceStage.HandedOver when !_options.Person => SourceStage.Switching,
                SourceStage.Stranded when !_options.Person => SourceStage.Copying,
                SourceStage.NotObserved or SourceStage.Resuming or SourceStage.ForeignRun => SourceStage.Copying,
                var stage => stage,
            },
        },
        Destination = report.Destination with
        {
            Running = AttemptNo.None,
            Stage = report.Destination.Stage == DestinationStage.Granted ? DestinationStage.NotObserved : report.Destination.Stage,
        },
    };

    private static VmEntity Plain(VmEntity entity) =>
        entity.State.Migration is { Reason.Length: > 0 } m ? entity with { State = entity.State with { Migration = m with { Reason = "" } } } : entity;

    private HostReport ReportOf(SourceAgent agent) => new(
        SourceHost, agent.Floor, StoreInstanceId.None, _rules.Report(agent.Handoff), DestinationReport.Of(DestinationHandoff.Initial),
        agent.Handoff.View is { Alive: false } gone ? gone : null);

    private static HostReport ReportOf(DestinationAgent agent) => new(
        DestinationHost, agent.Floor, agent.Store, SourceReport.Of(SourceHandoff.Initial), DestinationReport.Of(agent.Handoff), Guest: null)
    {
        IsListening = agent.Handoff is { Launched: true, View: not null },
    };

    private void Persist(World world, int slot, VmEntity entity, IReadOnlyList<VmEvent> events, string name, bool isFault, Found found)
    {
        VmEntity next = entity;
        foreach (VmEvent happened in events)
        {
            next = Plain(VmTransitions.Apply(next, happened));
        }

        if (next.State.Migration is { Prepared: true } m && next.Reports.Count > 1)
        {
            next = next with { QueuesReadyFor = m.Attempt };
        }

        bool mayRecord = next.State.Epoch == Journals[world.Journal].Epoch || _rules.JournalAcceptsTwoWriters;
        next = _options.EagerRecording && mayRecord ? Recorded(next) : next;

        found(Replaced(world, slot, Entities.Of(next)), name, isFault);
    }

    private void Perform(World world, int slot, VmEntity entity, VmEffect effect, Found found)
    {
        Epoch epoch = entity.State.Epoch;
        bool current = epoch == Journals[world.Journal].Epoch || _rules.JournalAcceptsTwoWriters;
        switch (effect)
        {
            case VmEffect.ArmDeadline deadline when current:
                Decision<VmReply, VmEvent> passed = _rules.Decide(entity, new VmCommand.DeadlinePassed(deadline.Phase, deadline.Attempt));
                if (!passed.Events.IsEmpty)
                {
                    Persist(world, slot, entity, passed.Events, Say($"coordinator {epoch}: deadline of {deadline.Phase}"), isFault: false, found);
                }

                break;
            case VmEffect.Rehearse rehearse when current && Sources[world.Source].Alive && Destinations[world.Destination].Alive:
                Persist(
                    world, slot, entity, _rules.Decide(entity, new VmCommand.NoteRehearsal(rehearse.Attempt, default)).Events,
                    Say($"coordinator {epoch}: rehearsed"), isFault: false, found);
                break;
            case VmEffect.JudgeQueues when entity.FoldedVerdict is null && current:
                Persist(world, slot, entity with { FoldedVerdict = MigrationVerdict.Verified }, [], "the queues are judged", isFault: false, found);
                break;
            case VmEffect.Fence or VmEffect.PrepareDestination or VmEffect.StartAttempt or VmEffect.CancelAttempt or VmEffect.CleanUpDestination or VmEffect.AbandonDestination or VmEffect.EndSource
                or VmEffect.KeepSourceByWord or VmEffect.GiveUpSource or VmEffect.RunDestinationByWord or VmEffect.CarryRelease or VmEffect.EndOverruled:
                Command command = new(epoch, entity.State.Incarnation, effect);
                Deliver(world, command, slot, Say($"coordinator {epoch} sends {Name(effect)}"), found);
                if (WithFaults && _options.DelayedMessages && effect is not VmEffect.Fence)
                {
                    int sent = Sets.Add(world.Sent, Commands.Of(command) << 1);
                    if (sent != world.Sent)
                    {
                        found(world with { Sent = sent }, Say($"coordinator {epoch}'s {Name(effect)} is under way"), isFault: true);
                    }
                }

                break;
            default:
                break;
        }
    }

    /// <summary>A refused preparation comes back to the incarnation that asked, if it still lives and may record.</summary>
    private void Answered(World world, int slot, CommandReply reply, VmEffect effect, string name, Found found)
    {
        VmEntity? asker = slot >= 0 && EntityIn(world, slot) >= 0 ? Entities[EntityIn(world, slot)] : null;
        if (effect is VmEffect.PrepareDestination prepare && reply.Kind == ReplyKind.Rejected && asker is not null
            && asker.State.Epoch == Journals[world.Journal].Epoch
            && _rules.Decide(asker, new VmCommand.RefusePreparation(prepare.Attempt, reply.Reason)) is { Events.IsEmpty: false } refused)
        {
            Persist(world, slot, asker, refused.Events, name + ": refused", isFault: false, found);
            return;
        }

        if (effect is VmEffect.KeepSourceByWord or VmEffect.GiveUpSource or VmEffect.RunDestinationByWord or VmEffect.CarryRelease && reply.Kind == ReplyKind.Rejected && asker is { State.Migration: { } m }
            && asker.State.Epoch == Journals[world.Journal].Epoch
            && _rules.Decide(asker, new VmCommand.RefuseResolution(m.Attempt, reply.Reason)) is { Events.IsEmpty: false } impossible)
        {
            Persist(world, slot, asker, impossible.Events, name + ": no longer possible", isFault: false, found);
            return;
        }

        found(world, name, isFault: false);
    }

    private static string Name(object value) => value.GetType().Name;
}
