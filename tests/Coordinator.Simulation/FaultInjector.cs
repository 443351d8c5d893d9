using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

/// <summary>Lets the schedule's faults happen at their moments.</summary>
public sealed class FaultInjector
{
    private readonly World _world;
    private readonly List<Fault> _waiting;
    private readonly List<(Fault Fault, int AtStep)> _counting = [];
    private readonly MigrationPhase?[] _phases;
    private long _activeUntilMicros;

    public FaultInjector(World world)
    {
        _world = world;
        _waiting = [.. world.Schedule.Faults];
        _phases = new MigrationPhase?[world.Schedule.Vms];
        foreach (Fault fault in _waiting.Where(f => f.When.Kind == TriggerKind.Step).ToList())
        {
            _waiting.Remove(fault);
            _counting.Add((fault, fault.When.Steps));
        }
    }

    public bool AreOver => _waiting.Count == 0 && _counting.Count == 0 && _world.Agenda.NowMicros >= _activeUntilMicros;

    public void GiveUp()
    {
        _waiting.Clear();
        _counting.Clear();
        foreach (VirtualMachine vm in _world.Vms)
        {
            vm.Hypervisors.Disarm();
        }
    }

    public void Phase(VirtualMachine vm)
    {
        MigrationPhase? now = vm.Journal.State.Migration?.Phase;
        if (now is { } phase && _phases[vm.Number] != now)
        {
            _phases[vm.Number] = now;
            _world.Coverage.Entered(phase);
            Fire(vm, TriggerKind.Phase, (int)phase);
        }
    }

    public void Status(VirtualMachine vm, MigrationStatus status) => Fire(vm, TriggerKind.Status, (int)status);

    /// <summary>One step of the whole has been made.</summary>
    public void Count()
    {
        for (int i = _counting.Count - 1; i >= 0; i--)
        {
            if (_counting[i].AtStep <= _world.Steps)
            {
                Fault fault = _counting[i].Fault;
                _counting.RemoveAt(i);
                Happen(fault);
            }
        }
    }

    private void Fire(VirtualMachine vm, TriggerKind kind, int value)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            Fault fault = _waiting[i];
            if (fault.Vm % _world.Vms.Count == vm.Number && fault.When.Kind == kind && fault.When.Value == value)
            {
                _waiting.RemoveAt(i);
                _counting.Add((fault, _world.Steps + fault.When.Steps));
            }
        }
    }

    private void Happen(Fault fault)
    {
        VirtualMachine vm = _world.Vms[fault.Vm % _world.Vms.Count];
        MigrationPhase? phase = vm.Journal.State.Migration?.Phase;
        long micros = fault.DurationMs * 1_000L;
        if (_world.Tells)
        {
            _world.Tell("FAULT", fault.ToString());
        }

        switch (fault.Kind)
        {
            case FaultKind.ConnectionRefused or FaultKind.StreamBreaks or FaultKind.StreamStalls or FaultKind.TailLost or FaultKind.AcknowledgementLost or FaultKind.LoadFails
                or FaultKind.RingsDiffer or FaultKind.ImagesStayAway or FaultKind.ContFails:
                // Counted when QEMU comes to where it can happen.
                vm.Hypervisors.Arm(fault.Kind);
                return;
            default:
                break;
        }

        _world.DisturbAll(micros);
        if (HasStruck(fault, vm, micros))
        {
            _world.Coverage.Hit(fault.Kind, phase);
        }
    }

    /// <summary>False when there is nothing that the fault could strike now: a test that counts such a one counts nothing.</summary>
    private bool HasStruck(Fault fault, VirtualMachine vm, long micros)
    {
        switch (fault.Kind)
        {
            case FaultKind.CoordinatorCrash or FaultKind.CoordinatorOvertaken or FaultKind.CoordinatorPause:
                return OfCoordinator(fault, vm, micros);
            case FaultKind.JournalSlow:
                _world.JournalSlowUntilMicros = _world.Agenda.NowMicros + micros;
                Lasts(micros);
                return true;
            case FaultKind.JournalDown:
                _world.StopJournal(micros);
                Lasts(micros);
                return true;
            case FaultKind.JournalRestored:
                return HasForgotten(vm, fault.Pick, micros);
            case FaultKind.SourceQemuDies or FaultKind.DestinationQemuDies:
                return HasKilled(vm, fault);
            case FaultKind.ThirdPartyContAtSource or FaultKind.ThirdPartyContAtDestination:
                return HasContinued(vm, fault.Kind == FaultKind.ThirdPartyContAtSource ? Side.Source : Side.Destination);
            case FaultKind.LinkCut or FaultKind.LinkCutOneWay or FaultKind.Partition:
                CutLinks(fault, vm, micros);
                return true;
            default:
                return OfAgent(fault, AgentFor(vm, fault.Pick), micros);
        }
    }

    private bool OfCoordinator(Fault fault, VirtualMachine vm, long micros)
    {
        CoordinatorNode node = vm.Current?.Node ?? _world.Coordinators[fault.Pick % 2];
        switch (fault.Kind)
        {
            case FaultKind.CoordinatorCrash when node.IsAlive:
                node.Crash();
                Lasts(micros, node.Restart);
                return true;
            case FaultKind.CoordinatorPause when node.Acts:
                node.Pause();
                foreach (VirtualMachine hosted in _world.Vms.Where(v => v.Current?.Node == node))
                {
                    hosted.Succeed(Math.Min(micros / 2, 3_000_000), Other(node));
                }

                Lasts(micros, node.Continue);
                return true;
            case FaultKind.CoordinatorOvertaken:
                bool isOvertaken = vm.Current is { IsStopped: false };
                vm.Succeed(1_000, Other(node));
                Lasts(micros);
                return isOvertaken;
            default:
                return false;
        }
    }

    private CoordinatorNode Other(CoordinatorNode node) => _world.Coordinators.First(n => n != node);

    private bool OfAgent(Fault fault, AgentNode agent, long micros)
    {
        switch (fault.Kind)
        {
            case FaultKind.AgentCrash when agent.IsAlive:
                agent.Crash();
                Lasts(micros, agent.Restart);
                return true;
            case FaultKind.AgentPause when agent.Acts:
                agent.Pause();
                Lasts(micros, agent.Continue);
                return true;
            case FaultKind.AgentDiskSlow:
                agent.DiskSlowUntilMicros = _world.Agenda.NowMicros + micros;
                Lasts(micros);
                return agent.IsAlive;
            case FaultKind.AgentDiskFull:
                agent.DiskFullUntilMicros = _world.Agenda.NowMicros + micros;
                Lasts(micros);
                return agent.IsAlive;
            case FaultKind.AgentStateWiped or FaultKind.AgentStateRestored when agent.IsAlive:
                foreach (VirtualMachine vm in _world.Vms)
                {
                    vm.Happened |= Happened.StateLost;
                }

                agent.Crash();
                agent.ReplaceStore(restored: fault.Kind == FaultKind.AgentStateRestored);
                Lasts(micros, agent.Restart);
                return true;
            case FaultKind.HostReboot when !agent.IsLost:
                agent.PowerOff(forGood: false);
                Lasts(micros, agent.Restart);
                return true;
            case FaultKind.HostLost when !agent.IsLost:
                foreach (VirtualMachine vm in _world.Vms)
                {
                    vm.Happened |= Happened.HostLost;
                }

                agent.PowerOff(forGood: true);
                return true;
            default:
                return false;
        }
    }

    /// <summary>All coordinators are stopped, as the runbook says; what was journalled after the backup is gone.</summary>
    private bool HasForgotten(VirtualMachine vm, int pick, long micros)
    {
        foreach (VirtualMachine any in _world.Vms)
        {
            foreach (Incarnation incarnation in any.Incarnations.ToList())
            {
                incarnation.Stop();
            }
        }

        vm.Happened |= Happened.JournalRestored;
        int kept = 2 + (pick % Math.Max(1, vm.Journal.Count - 1));
        bool forgets = kept < vm.Journal.Count;
        vm.Journal.RestoreFromBackup(Math.Min(kept, vm.Journal.Count));
        _world.Watch.JournalRestored(vm);
        Lasts(micros);
        return forgets;
    }

    private bool HasKilled(VirtualMachine vm, Fault fault)
    {
        (AgentNode? source, AgentNode? destination) = Ends(vm);
        AgentNode? host = fault.Kind == FaultKind.SourceQemuDies ? source : destination;
        Machine? machine = vm.Hypervisors.Machines.LastOrDefault(m => m.Host == host && m.Alive);
        if (machine is null)
        {
            return false;
        }

        _world.NoteDeath(vm, machine);
        vm.Hypervisors.Kill(machine);
        return true;
    }

    private bool HasContinued(VirtualMachine vm, Side side)
    {
        Machine? machine = vm.Hypervisors.Machines.LastOrDefault(m => m.Side == side && m is { Alive: true, Runs: false } && m.Observe() is { Run: not RunState.InMigrate });
        if (machine is null)
        {
            return false;
        }

        vm.Happened |= Happened.ThirdPartyCont;
        vm.Hypervisors.Execute(machine, QemuCommand.Cont);
        return true;
    }

    private void CutLinks(Fault fault, VirtualMachine vm, long micros)
    {
        AgentNode agent = AgentFor(vm, fault.Pick);
        List<Party> others = [.. _world.Coordinators, .. _world.Agents.Where(a => a != agent)];
        if (fault.Kind != FaultKind.Partition)
        {
            // Mostly the link between the two agents, or to the coordinator that acts.
            (AgentNode? source, AgentNode? destination) = Ends(vm);
            Party? peer = agent == source ? destination : source;
            Party? acting = vm.Current?.Node;
            Party other = (fault.Pick >> 4) % 3 == 0 && acting is not null ? acting : peer ?? others[(fault.Pick >> 6) % others.Count];
            others = other == agent ? [others[0]] : [other];
        }

        foreach (Party other in others)
        {
            bool outward = fault.Kind != FaultKind.LinkCutOneWay || (fault.Pick & 8) == 0;
            bool inward = fault.Kind != FaultKind.LinkCutOneWay || !outward;
            if (outward)
            {
                _world.Network.Cut(agent, other, micros);
            }

            if (inward)
            {
                _world.Network.Cut(other, agent, micros);
            }
        }

        Lasts(micros);
    }

    /// <summary>Mostly one of the two that have to do with the migration.</summary>
    private AgentNode AgentFor(VirtualMachine vm, int pick)
    {
        (AgentNode? source, AgentNode? destination) = Ends(vm);
        return ((pick & 7) switch
        {
            0 => null,
            1 or 2 or 3 => source,
            _ => destination,
        }) ?? _world.Agents[(pick >> 3) % _world.Agents.Count];
    }

    private (AgentNode? Source, AgentNode? Destination) Ends(VirtualMachine vm) => vm.Journal.State.Migration is { } m
        ? (_world.AgentOf(m.Source), _world.AgentOf(m.Destination))
        : (vm.Journal.State.Residence.Host is { } host ? _world.AgentOf(host) : null, null);

    private void Lasts(long micros, Action? passes = null)
    {
        _activeUntilMicros = Math.Max(_activeUntilMicros, _world.Agenda.NowMicros + micros);
        if (passes is not null)
        {
            _world.Agenda.After(micros, passes);
        }
    }
}
