using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

/// <summary>
/// Every QEMU process of one VM, on all hosts, driven by the one <see cref="Qemu"/> model. The model knows pairs; here a process that moves on is taken out of its former pair,
/// which keeps what is left of it (a copy that still loads, a source that still stands).
/// </summary>
public sealed class Hypervisors(World world, VirtualMachine vm)
{
    /// <summary>What QEMU offers in a state, computed once: schedules meet the same few thousand states again and again.</summary>
    [ThreadStatic]
    private static Dictionary<QemuPair, QemuStep[]>? s_steps;

    private readonly Dice _dice = Dice.Of(world.Schedule.Seed, 100 + vm.Number);
    private readonly List<Machine> _machines = [];
    private readonly List<FaultKind> _armed = [];

    public IReadOnlyList<Machine> Machines => _machines;

    /// <summary>The newest process of this launch: one that came up and could not be recorded is ended, and launched again.</summary>
    public Machine? Of(LaunchId launch)
    {
        for (int i = _machines.Count - 1; i >= 0; i--)
        {
            if (_machines[i].Launch == launch)
            {
                return _machines[i];
            }
        }

        return null;
    }

    public void Boot(LaunchId launch, AgentNode host, GuestBefore guest)
    {
        PairCell cell = new(Qemu.Start(world.Schedule.Traits, guest));
        Machine machine = new(launch, host, AttemptNo.None) { Cell = cell, Side = Side.Source };
        cell.Source = machine;
        _machines.Add(machine);
    }

    /// <summary>A destination with <c>-incoming defer -S</c>, which begins to listen.</summary>
    public Machine LaunchIncoming(LaunchId launch, AgentNode host, AttemptNo attempt)
    {
        PairCell cell = new(new QemuPair(default, default, default, world.Schedule.Traits));
        Machine machine = new(launch, host, attempt) { Cell = cell, Side = Side.Destination };
        cell.Destination = machine;
        cell.Pair = Qemu.LaunchDestination(cell.Pair, autostart: false);
        _machines.Add(machine);
        return machine;
    }

    /// <summary><c>migrate</c>: the source is paired with whatever listens under that launch; with nothing if it is gone.</summary>
    public QemuReply Migrate(Machine source, LaunchId destination)
    {
        // QEMU refuses a second `migrate` before it looks at where to.
        if (!source.Alive || source.State.Status.IsInProgress() || source.State.Phase != SourcePhase.Idle || source.State.Run == RunState.PostMigrate)
        {
            return source.Side == Side.Source || !source.Alive ? Execute(source, QemuCommand.Migrate) : QemuReply.NotModelled;
        }

        Machine? listener = Of(destination) is { Alive: true } found && found.State.Incoming ? found : null;
        QemuProcess from = TakeOut(source);
        QemuProcess to = listener is null ? default : TakeOut(listener);
        PairCell cell = new(new QemuPair(from, to, default, world.Schedule.Traits)) { Source = source, Destination = listener };
        (source.Cell, source.Side) = (cell, Side.Source);
        if (listener is not null)
        {
            (listener.Cell, listener.Side) = (cell, Side.Destination);
        }

        return Execute(source, QemuCommand.Migrate);
    }

    public QemuReply Execute(Machine machine, QemuCommand command)
    {
        QemuOutcome outcome = Qemu.Execute(machine.Cell.Pair, machine.Side, command);
        QemuPair next = outcome.Choices.Count == 1 ? outcome.Choices[0] : outcome.Choices[_dice.Below(outcome.Choices.Count)];
        Change(machine.Cell, next);
        return outcome.Reply;
    }

    public void Kill(Machine machine)
    {
        if (machine.Alive)
        {
            Change(machine.Cell, Qemu.ProcessDied(machine.Cell.Pair, machine.Side));
        }
    }

    /// <summary>The fault happens as soon as QEMU's state allows it.</summary>
    public void Arm(FaultKind fault)
    {
        _armed.Add(fault);
        foreach (PairCell cell in _machines.Select(m => m.Cell).Distinct().ToList())
        {
            Await(cell);
        }
    }

    public bool TakeArmed(FaultKind fault) => _armed.Remove(fault);

    public void Disarm() => _armed.Clear();

    private static QemuProcess TakeOut(Machine machine)
    {
        PairCell cell = machine.Cell;
        QemuPair pair = cell.Pair;
        QemuProcess process = pair[machine.Side];
        MigrationStream left = pair.Stream.Link == StreamLink.Open ? pair.Stream with { Link = StreamLink.ClosedBySource, Acknowledgement = Acknowledgement.NotAsked } : pair.Stream;
        if (machine.Side == Side.Source)
        {
            cell.Source = null;
            cell.Pair = new QemuPair(default, pair.Destination, pair.Destination is { Alive: true, Status: MigrationStatus.Active } ? left : default, pair.Traits);
        }
        else
        {
            cell.Destination = null;
            cell.Pair = new QemuPair(pair.Source, default, default, pair.Traits);
        }

        cell.Version++;

        // As a source it has no migration yet: `completed` was the word of its arrival. What its guest brought along stays.
        return machine.Side == Side.Destination && !process.Incoming ? process with { Status = MigrationStatus.None, Capabilities = QemuCapabilities.ReturnPath | QemuCapabilities.PauseBeforeSwitchover } : process;
    }

    private void Change(PairCell cell, QemuPair next)
    {
        QemuPair before = cell.Pair;
        if (next == before)
        {
            return;
        }

        cell.Pair = next;
        Changed(cell.Source, before, next, Side.Source);
        Changed(cell.Destination, before, next, Side.Destination);
        Await(cell);
    }

    private void Changed(Machine? machine, QemuPair before, QemuPair after, Side side)
    {
        if (machine is null || before[side] == after[side])
        {
            return;
        }

        if (side == Side.Source && before.Source.Status != after.Source.Status)
        {
            world.Triggers.Status(vm, after.Source.Status);
        }

        if (world.Tells)
        {
            QemuProcess now = after[side];
            world.Tell(machine.ToString(), now.Alive ? $"{now.Run}/{now.Status}{(now.Phase == SourcePhase.Idle ? "" : $" ({now.Phase})")}{(now.Rings == LoadedRings.Equal ? "" : $" rings {now.Rings}")}" : $"ended: {now.Life}");
        }

        world.Watch.Changed(vm, machine, before[side], after[side]);
        machine.Host.Session(vm).MachineChanged(machine);
    }

    /// <summary>Draws when the pair does something by itself next.</summary>
    private void Await(PairCell cell)
    {
        int version = ++cell.Version;
        QemuPair pair = cell.Pair;
        if (!pair.Source.Alive && !pair.Destination.Alive)
        {
            return;
        }

        bool fault = _armed.Count > 0 && ArmedStep(pair) is not null;
        if (!fault && !Offers(pair, StepNature.Progress) && !Offers(pair, StepNature.Repair))
        {
            return;
        }

        world.Agenda.After(fault ? _dice.Between(10, 2_000) : DelayMicros(pair), () =>
        {
            if (cell.Version == version)
            {
                Proceed(cell);
            }
        });
    }

    private long DelayMicros(QemuPair pair)
    {
        if (!Offers(pair, StepNature.Progress))
        {
            return _dice.Between(100_000, 20_000_000);
        }

        return pair.Source is { Alive: true, Status: MigrationStatus.Active, Phase: SourcePhase.Idle } && !pair.Stream.SourceSeesItsEnd()
            ? _dice.Between(1_000, !world.Schedule.Leisure && _dice.Chance(0.1) ? 3_000_000 : 300_000)
            : _dice.Between(50, !world.Schedule.Leisure && _dice.Chance(0.03) ? 2_000_000 : 8_000);
    }

    private void Proceed(PairCell cell)
    {
        QemuStep[] steps = StepsOf(cell.Pair);
        if (_armed.Count > 0 && ArmedStep(cell.Pair) is { } fault)
        {
            _armed.Remove(fault.Kind);
            world.Coverage.Hit(vm, fault.Kind);
            world.Disturb(vm);
            if (world.Tells)
            {
                world.Tell("FAULT", $"{fault.Step.Name}");
            }

            Change(cell, fault.Step.Next);
            return;
        }

        StepNature wanted = Offers(cell.Pair, StepNature.Progress) ? StepNature.Progress : StepNature.Repair;
        Span<int> possible = stackalloc int[steps.Length];
        int count = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            if (steps[i].Nature == wanted)
            {
                possible[count++] = i;
            }
        }

        if (count > 0)
        {
            QemuStep step = steps[possible[_dice.Below(count)]];
            Change(cell, step.Next);
            if (step.LateReply is not null)
            {
                world.Coverage.Saw("QEMU carried out a command late");
            }
        }
    }

    private (FaultKind Kind, QemuStep Step)? ArmedStep(QemuPair pair)
    {
        foreach (FaultKind kind in _armed)
        {
            foreach (QemuStep step in StepsOf(pair))
            {
                if (Matches(kind, step.Kind) && step.Nature == StepNature.Fault)
                {
                    return (kind, step);
                }
            }
        }

        return null;
    }

    private bool Matches(FaultKind fault, QemuStepKind step) => (fault, step) switch
    {
        (FaultKind.ConnectionRefused, QemuStepKind.ConnectionRefused) => true,
        (FaultKind.StreamBreaks, QemuStepKind.StreamBreaks) => true,
        (FaultKind.StreamStalls, QemuStepKind.StreamStalls) => true,
        (FaultKind.TailLost, QemuStepKind.TailLost) => true,
        (FaultKind.AcknowledgementLost, QemuStepKind.AcknowledgementLost) => true,
        (FaultKind.LoadFails, QemuStepKind.LoadFails) => true,
        (FaultKind.RingsDiffer, QemuStepKind.LoadsWithBrokenRing) => (vm.Number & 1) == 0,
        (FaultKind.RingsDiffer, QemuStepKind.LoadsWithOtherIndex) => (vm.Number & 1) == 1,
        (FaultKind.ImagesStayAway, QemuStepKind.StaysWithoutImages) => true,
        _ => false,
    };

    private static bool Offers(QemuPair pair, StepNature nature)
    {
        foreach (QemuStep step in StepsOf(pair))
        {
            if (step.Nature == nature)
            {
                return true;
            }
        }

        return false;
    }

    private static QemuStep[] StepsOf(QemuPair pair)
    {
        Dictionary<QemuPair, QemuStep[]> known = s_steps ??= [];
        if (!known.TryGetValue(pair, out QemuStep[]? steps))
        {
            steps = [.. Qemu.Steps(pair)];
            known.Add(pair, steps);
        }

        return steps;
    }
}

internal static class StreamReading
{
    internal static bool SourceSeesItsEnd(this MigrationStream stream) =>
        stream.Link is StreamLink.ClosedBySource or StreamLink.Broken || (stream.Link == StreamLink.ClosedByDestination && !stream.Stalled);
}
