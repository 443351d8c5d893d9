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
    private readonly Past[] _records;

    public Watch(World world)
    {
        _world = world;
        _records = world.Vms.Select(_ => new Past()).ToArray();
    }

    /// <summary>A guest begins or ceases to run, or a migration goes a step on.</summary>
    public void Changed(VirtualMachine vm, Machine machine, QemuProcess before, QemuProcess after)
    {
        _world.Chronicle.Changed(vm, machine, before, after);
        Past record = _records[vm.Number];
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

    private void Began(VirtualMachine vm, Machine machine, Past record)
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

        if (!machine.HasRun && arrived > AttemptNo.None && !byThirdParty)
        {
            MeetsRings(machine, record);
        }

        SourceRecords source = machine.Host.Session(vm).Disk.Source;
        if (source.Launch == machine.Launch && record.Released.Contains(source.Started) && source.Refused < source.Started && source.KeptByWord < source.Started && !byThirdParty)
        {
            throw new ViolationException($"the source runs although it released attempt {source.Started} and was not refused");
        }

        machine.HasRun = true;
    }

    /// <summary>What nobody but a person may do: a guest with other rings than its source had at the end.</summary>
    private static void MeetsRings(Machine machine, Past record)
    {
        if (machine.State.Rings != LoadedRings.Equal && !record.RunByWord.Contains(machine.ArrivedWith))
        {
            throw new ViolationException($"the destination has the guest with other rings ({machine.State.Rings}): {machine}, attempt {machine.ArrivedWith}");
        }
    }

    /// <summary>Something of this agent about this VM has just become durable.</summary>
    public void Stored(AgentSession session)
    {
        _world.Chronicle.Stored(session);
        Past record = _records[session.Vm.Number];
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

        if (destination.Register == RegisterValue.Run && record.RunInLife.TryAdd(destination.Attempt, session.Agent.Life)
            && session.Vm.Hypervisors.Of(destination.Launch) is { Alive: true, HasRun: false } granted && granted.ArrivedWith == destination.Attempt)
        {
            MeetsRings(granted, record);
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
        Past record = _records[session.Vm.Number];
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
        // The newest of that number: a restored journal gives a number again that a wiped agent has forgotten, and what is left of the first one has no stream that could load it.
        if (reply.Answer == RegisterAnswer.Refused && session.Vm.Hypervisors.Machines.LastOrDefault(m => m.ArrivedWith == reply.Attempt && m.Host == session.Agent) is { Alive: true } copy)
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

        _records[session.Vm.Number].ContSent.Add(attempt);
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

    private static bool Excused(VirtualMachine vm, Happened by) => (vm.Happened & by) != Happened.None;
}
