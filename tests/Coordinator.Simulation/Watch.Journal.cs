using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>What is journalled and answered: acknowledged requests stay, results do not change, and what the journal says of the guest is so.</summary>
public sealed partial class Watch
{
    public void Acknowledged(VirtualMachine vm, RequestId request, VmReply reply)
    {
        Past record = _records[vm.Number];
        if (reply is not { Kind: VmReplyKind.Accepted, Migration: { } migration } || Excused(vm, Happened.JournalRestored))
        {
            return;
        }

        if (record.Acknowledged.TryGetValue(request, out Guid first) && first != migration)
        {
            throw new ViolationException($"request {request} was answered with migration {first} and then with {migration}");
        }

        record.Acknowledged[request] = migration;
        _world.Chronicle.Acknowledged(vm, request, migration);
    }

    /// <summary>
    /// A cancel was asked for while <paramref name="migration"/> was the newest one, and is answered: from what is journalled, and a repetition like the first. An incarnation that somebody
    /// has written behind is not judged: what it says was so.
    /// </summary>
    /// <param name="vm">Whose migration it is.</param>
    /// <param name="by">Who answers.</param>
    /// <param name="migration">The newest when it was asked.</param>
    /// <param name="wasOver">It had ended when it was asked.</param>
    /// <param name="reply">To be judged.</param>
    public void CancelAsked(VirtualMachine vm, Guid migration) => _records[vm.Number].CancelsAsked.Add(migration);

    public void CancelAnswered(VirtualMachine vm, Incarnation by, Guid migration, bool wasOver, VmReply reply)
    {
        if (Excused(vm, Happened.JournalRestored) || _world.Rules.JournalAcceptsTwoWriters || by.Entity.State != vm.Journal.State || vm.Journal.State.Migration is not { } m)
        {
            return;
        }

        Past past = _records[vm.Number];
        if (reply.Migration != migration)
        {
            throw new ViolationException($"a cancel of migration {migration} was answered for {reply.Migration}: {reply.Message}");
        }

        if (m.Id != migration)
        {
            // Whether it changed the other one is judged there: nobody has asked for that one's end.
            return;
        }

        switch (reply.Kind)
        {
            case VmReplyKind.Accepted when !wasOver:
                if (past.Cancels.TryGetValue(migration, out VmReply? first) && IsTooLate(first) && !IsTooLate(reply))
                {
                    throw new ViolationException("a cancel was answered as too late, and its repetition was not");
                }

                past.Cancels.TryAdd(migration, reply);
                KeepsCancel(past, m);
                break;
            case VmReplyKind.Accepted when m.CancelRequested:
                // A repetition gets the answer that the first one got, or whose answer was lost.
                break;
            case VmReplyKind.FailedPrecondition when m.Phase.IsTerminal() && reply.Message.Contains($"{m.Phase}", StringComparison.Ordinal):
                break;
            default:
                throw new ViolationException($"a cancel in {m.Phase} was answered {reply.Kind}: {reply.Message}");
        }
    }

    /// <summary>What a cancel was answered stays so: the wish stands in the journal and in the end, and what came too late was too late.</summary>
    private static void KeepsCancel(Past past, MigrationState m)
    {
        if (!past.Cancels.TryGetValue(m.Id, out VmReply? answer))
        {
            return;
        }

        if (IsTooLate(answer) ? m.Phase is not (MigrationPhase.Verifying or MigrationPhase.Finishing or MigrationPhase.Succeeded) : !m.CancelRequested || m.Phase == MigrationPhase.Failed)
        {
            throw new ViolationException($"a cancel was answered '{answer.Message}', and the migration is {m.Phase}");
        }
    }

    private static bool IsTooLate(VmReply reply) => reply.Message.StartsWith("too late", StringComparison.Ordinal);

    public void Journalled(VirtualMachine vm, IReadOnlyList<VmEvent> events)
    {
        Past record = _records[vm.Number];
        foreach (VmEvent happened in events)
        {
            switch (happened)
            {
                case VmEvent.SwitchoverAuthorized e:
                    record.Authorized.Add(e.Attempt);
                    _world.Chronicle.Authorised(vm, e.Attempt);
                    break;
                case VmEvent.CancelRequested when vm.Journal.State.Migration is { } ending && !record.CancelsAsked.Contains(ending.Id):
                    throw new ViolationException($"migration {ending.Id} is cancelled, and nobody asked for its end");
                case VmEvent.AttemptEnded e:
                    record.Ended = AttemptNo.Max(record.Ended, e.Attempt);
                    break;
                case VmEvent.DoubtResolved { Resolution.Choice: not DoubtChoice.Lost } e:
                    vm.Happened |= Happened.Overruled;
                    if (e.Resolution.Choice == DoubtChoice.RunDestination)
                    {
                        record.RunByWord.Add(e.Attempt);
                    }

                    break;
                case VmEvent.DoubtResolved e:
                    record.Ended = AttemptNo.Max(record.Ended, e.Attempt);
                    break;
                case VmEvent.GuestLost e:
                    record.Ended = AttemptNo.Max(record.Ended, e.Attempt);
                    break;
                default:
                    break;
            }
        }

        if (_world.Rules.JournalAcceptsTwoWriters)
        {
            return;
        }

        foreach ((RequestId request, Guid migration) in record.Acknowledged)
        {
            if (!vm.Journal.State.Requests.Any(r => r.Request == request && r.Migration == migration))
            {
                throw new ViolationException($"the acknowledged request {request} is forgotten");
            }
        }

        if (vm.Journal.State.Migration is { } m)
        {
            if (record.Results.TryGetValue(m.Id, out MigrationPhase result) && result != m.Phase)
            {
                throw new ViolationException($"the result of migration {m.Id} changed from {result} to {m.Phase}");
            }

            KeepsCancel(record, m);
            if (m.Phase.IsTerminal())
            {
                record.Results[m.Id] = m.Phase;
                _world.Chronicle.Seen(vm, m);
                _world.Coverage.Ended(m.Phase);
            }
        }

        Truth(vm);
    }

    public void JournalRestored(VirtualMachine vm)
    {
        Past record = _records[vm.Number];
        record.Acknowledged.Clear();
        record.Cancels.Clear();
        record.Results.Clear();
    }

    /// <summary>What a new incarnation reads is what the one before it had.</summary>
    public void Recovered(VirtualMachine vm)
    {
        if (!_world.Rules.JournalAcceptsTwoWriters && vm.Journal.Replay() != vm.Journal.State)
        {
            throw new ViolationException("the journal does not replay to the live state");
        }
    }

    public void Applied(VirtualMachine vm, Incarnation incarnation, int count)
    {
        if (!_world.Rules.JournalAcceptsTwoWriters && count == vm.Journal.Count && incarnation.Entity.State != vm.Journal.State)
        {
            throw new ViolationException($"the state of {incarnation} is not what stands in the journal");
        }
    }

    public void Alerted(VirtualMachine vm, AttemptNo attempt) => _records[vm.Number].Alerts.Add(attempt);

    /// <summary>What the journal says of where the guest is must be so.</summary>
    private void Truth(VirtualMachine vm)
    {
        if (vm.Journal.State.Migration is not { } m || Excused(vm, Happened.JournalRestored | Happened.ThirdPartyCont))
        {
            return;
        }

        Machine? source = vm.Hypervisors.Of(m.SourceLaunch);
        Machine? destination = m.DestinationLaunch == LaunchId.None ? null : vm.Hypervisors.Of(m.DestinationLaunch);
        if (m.Phase is MigrationPhase.Cancelled or MigrationPhase.Failed or MigrationPhase.RollingBack)
        {
            if (destination is { Runs: true })
            {
                throw new ViolationException($"the guest runs at the destination after {m.Phase} was recorded");
            }

            if (source is { Alive: true, Side: Side.Source, State.Status: MigrationStatus.Setup or MigrationStatus.Active or MigrationStatus.PreSwitchover or MigrationStatus.Device })
            {
                throw new ViolationException($"a migration goes on after {m.Phase} was recorded");
            }
        }

        if (m.Phase is MigrationPhase.Succeeded or MigrationPhase.Finishing or MigrationPhase.Verifying && source is { Runs: true })
        {
            throw new ViolationException($"the guest runs at the source after {m.Phase} was recorded");
        }

        if (m.Phase == MigrationPhase.Lost && vm.Hypervisors.Machines.Any(x => x.Runs))
        {
            throw new ViolationException("the guest runs although it was recorded as lost");
        }
    }
}
