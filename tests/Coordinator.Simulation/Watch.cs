using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>The invariants, looked at whenever something changes that they are about. It knows everything and tells nobody anything.</summary>
public sealed partial class Watch
{
    /// <summary>Journal and agent are both put back to what they were: nobody remembers the attempt, and its number is used again.</summary>
    private const Happened Forgotten = Happened.JournalRestored | Happened.StateLost;

    private readonly World _world;
    private readonly Record[] _records;

    public Watch(World world)
    {
        _world = world;
        _records = world.Vms.Select(_ => new Record()).ToArray();
    }

    /// <summary>A guest begins or ceases to run, or a migration goes a step on.</summary>
    public void Changed(VirtualMachine vm, Machine machine, QemuProcess before, QemuProcess after)
    {
        _world.Chronicle.Changed(vm, machine, before, after);
        Record record = _records[vm.Number];
        if (after.GuestRuns && !before.GuestRuns)
        {
            record.LongestBlackoutMicros = Math.Max(record.LongestBlackoutMicros, _world.Agenda.NowMicros - (record.LastRanMicros ?? _world.Agenda.NowMicros));
            Began(vm, machine, record);
        }
        else if (before.GuestRuns && !after.GuestRuns)
        {
            record.LastRanMicros = _world.Agenda.NowMicros;
        }

        if (after.GuestRuns != before.GuestRuns || after.Status != before.Status)
        {
            Truth(vm);
        }
    }

    private void Began(VirtualMachine vm, Machine machine, Record record)
    {
        bool byThirdParty = vm.Happened.HasFlag(Happened.ThirdPartyCont);
        if (vm.Hypervisors.Machines.FirstOrDefault(m => m != machine && m.Runs) is { } other && !byThirdParty)
        {
            throw new ViolationException($"two copies run: {machine} and {other}");
        }

        AttemptNo arrived = machine.ArrivedWith;
        if (!machine.HasRun && arrived > AttemptNo.None && !record.Runs.Contains(arrived) && !byThirdParty)
        {
            throw new ViolationException($"the destination runs without register run of attempt {arrived}");
        }

        SourceRecords source = machine.Host.Session(vm).Disk.Source;
        if (source.Launch == machine.Launch && record.Released.Contains(source.Started) && source.Refused < source.Started && source.KeptByWord < source.Started && !byThirdParty)
        {
            throw new ViolationException($"the source runs although it released attempt {source.Started} and was not refused");
        }

        machine.HasRun = true;
    }

    /// <summary>Something of this agent about this VM has just become durable.</summary>
    public void Stored(AgentSession session)
    {
        _world.Chronicle.Stored(session);
        Record record = _records[session.Vm.Number];
        Disk disk = session.Disk;
        if (record.Floors.TryGetValue(session.Agent, out Epoch floor) && disk.Floor.Epoch < floor)
        {
            throw new ViolationException($"the floor at {session.Agent.Name} went from {floor} down to {disk.Floor.Epoch}");
        }

        record.Floors[session.Agent] = disk.Floor.Epoch;
        record.Tombstones[session.Agent] = AttemptNo.Max(record.Tombstones.GetValueOrDefault(session.Agent), disk.Source.Tombstone);
        DestinationRecords destination = disk.Destination;
        foreach (AttemptNo run in destination.Runs)
        {
            record.Runs.Add(run);
        }

        if (destination.Running > AttemptNo.None)
        {
            record.Running.Add(destination.Running);
        }

        if (destination.Register == RegisterValue.Refused && record.Runs.Contains(destination.Attempt) && session.Vm.Hypervisors.Of(destination.Launch) is { HasRun: true }
            && !session.Vm.Happened.HasFlag(Happened.ThirdPartyCont) && (session.Vm.Happened & Forgotten) != Forgotten)
        {
            throw new ViolationException($"the register of attempt {destination.Attempt} says refused although the guest ran by its word");
        }
    }

    public void StoreReplaced(AgentSession session) => _records[session.Vm.Number].Floors.Remove(session.Agent);

    public void MigrateIssued(AgentSession session, Machine machine, AttemptNo attempt)
    {
        _world.Chronicle.MigrateIssued(session.Vm, machine, attempt);
        Record record = _records[session.Vm.Number];
        if (Excused(session.Vm, Happened.StateLost | Happened.JournalRestored))
        {
            return;
        }

        if (!record.Migrated.Add(attempt))
        {
            throw new ViolationException($"migrate is issued twice for attempt {attempt}");
        }

        if (!record.Authorized.Contains(attempt))
        {
            throw new ViolationException($"migrate is issued for attempt {attempt}, which was never authorised");
        }

        if (record.Tombstones.GetValueOrDefault(session.Agent) >= attempt)
        {
            throw new ViolationException($"migrate is issued for attempt {attempt}, which has a tombstone");
        }
    }

    public void Said(AgentSession session, SourceMessage message)
    {
        if (message is SourceMessage.Released)
        {
            _records[session.Vm.Number].Released.Add(message.Attempt);
        }
    }

    public void Answered(AgentSession session, RegisterReply reply)
    {
        if (reply.Answer == RegisterAnswer.Refused && session.Vm.Hypervisors.Machines.FirstOrDefault(m => m.ArrivedWith == reply.Attempt && m.Host == session.Agent) is { Alive: true } copy)
        {
            throw new ViolationException($"attempt {reply.Attempt} is answered refused while {copy} lives");
        }
    }

    public void ContinueSent(AgentSession session, Machine machine, AttemptNo attempt)
    {
        if (!session.Disk.Destination.Runs.Contains(attempt))
        {
            throw new ViolationException($"cont is sent to {machine} without register run of attempt {attempt} on disk");
        }
    }

    /// <summary>A loaded copy may be the last one: it is refused only on the source agent's request, or as clean-up of an attempt that is recorded as over.</summary>
    public void DestinationDecided(AgentSession session, DestinationHandoff before, DestinationHandoff after, DestinationInput input)
    {
        if (before.Records.Register != RegisterValue.Empty || after.Records.Register != RegisterValue.Refused || before.Records.Attempt != after.Records.Attempt)
        {
            return;
        }

        Machine? machine = session.Vm.Hypervisors.Of(before.Records.Launch);
        if (machine is not { Alive: true, Side: Side.Destination, State.Status: MigrationStatus.Completed })
        {
            return;
        }

        bool asked = input is DestinationInput.FromSource { Message: SourceMessage.Refuse };
        AttemptNo ended = _records[session.Vm.Number].Ended;
        bool over = input is DestinationInput.CleanUp cleanUp ? ended >= cleanUp.Attempt : input is DestinationInput.Overrule overrule && ended >= overrule.Attempt;
        if (!asked && !over)
        {
            throw new ViolationException($"a loaded copy is refused by {input.GetType().Name}, not by its source");
        }
    }

    public void SourceEnded(AgentSession session, Machine machine)
    {
        if (session.Source.Records.Overruled < session.Source.Attempt && !_records[session.Vm.Number].Running.Contains(session.Source.Attempt) && !Excused(session.Vm, Happened.StateLost))
        {
            throw new ViolationException($"the source {machine} is ended although the destination has not recorded Running of attempt {session.Source.Attempt}");
        }
    }

    public void Acknowledged(VirtualMachine vm, RequestId request, VmReply reply)
    {
        Record record = _records[vm.Number];
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

    public void Journalled(VirtualMachine vm, IReadOnlyList<VmEvent> events)
    {
        Record record = _records[vm.Number];
        foreach (VmEvent happened in events)
        {
            switch (happened)
            {
                case VmEvent.SwitchoverAuthorized e:
                    record.Authorized.Add(e.Attempt);
                    _world.Chronicle.Authorised(vm, e.Attempt);
                    break;
                case VmEvent.AttemptEnded e:
                    record.Ended = AttemptNo.Max(record.Ended, e.Attempt);
                    break;
                case VmEvent.DoubtResolved { Resolution.Choice: not DoubtChoice.Lost }:
                    vm.Happened |= Happened.Overruled;
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
        Record record = _records[vm.Number];
        record.Acknowledged.Clear();
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

    private static bool Excused(VirtualMachine vm, Happened by) => (vm.Happened & by) != Happened.None;

    /// <summary>What has been, of one VM: the watch needs no agent to remember it.</summary>
    private sealed class Record
    {
        public Dictionary<AgentNode, Epoch> Floors { get; } = [];

        /// <summary>Greatest attempt that each agent has ever durably promised not to start.</summary>
        public Dictionary<AgentNode, AttemptNo> Tombstones { get; } = [];

        /// <summary>Attempts whose register ever said <c>run</c>, durably.</summary>
        public HashSet<AttemptNo> Runs { get; } = [];

        public HashSet<AttemptNo> Running { get; } = [];

        public HashSet<AttemptNo> Released { get; } = [];

        public HashSet<AttemptNo> Migrated { get; } = [];

        public HashSet<AttemptNo> Authorized { get; } = [];

        public HashSet<AttemptNo> Alerts { get; } = [];

        /// <summary>Greatest attempt recorded as over with the guest at the source, or lost.</summary>
        public AttemptNo Ended { get; set; }

        public Dictionary<RequestId, Guid> Acknowledged { get; } = [];

        public Dictionary<Guid, MigrationPhase> Results { get; } = [];

        /// <summary>When the guest that runs nowhere now last ran.</summary>
        public long? LastRanMicros { get; set; }

        public long LongestBlackoutMicros { get; set; }

        public long? StillSinceMicros { get; set; }

        public long? DoubledSinceMicros { get; set; }
    }
}
