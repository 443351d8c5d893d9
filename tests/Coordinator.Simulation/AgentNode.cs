using Coordinator.Domain;

namespace Coordinator.Simulation;

/// <summary>One host: its agent's process, its store, and a session for each VM.</summary>
public sealed class AgentNode : Party
{
    private readonly AgentSession[] _sessions;
    private long _sequence;

    public AgentNode(World world, HostName host, int number)
        : base(world, host.Value, number)
    {
        Host = host;
        Dice = Dice.Of(world.Schedule.Seed, 200 + number);
        Store = new StoreInstanceId(Dice.NewGuid());
        LifeId = Dice.NewGuid();
        _sessions = world.Vms.Select(vm => new AgentSession(this, vm)).ToArray();
    }

    public HostName Host { get; }

    public Dice Dice { get; }

    public StoreInstanceId Store { get; private set; }

    public Guid LifeId { get; private set; }

    /// <summary>The machine itself is off for good.</summary>
    public bool IsLost { get; private set; }

    public long DiskSlowUntilMicros { get; set; }

    public long DiskFullUntilMicros { get; set; }

    public AgentSession Session(VirtualMachine vm) => _sessions[vm.Number];

    public long NextSequence() => ++_sequence;

    /// <summary>Called once, before anything happens.</summary>
    public void Begin()
    {
        foreach (AgentSession session in _sessions)
        {
            session.Begin();
        }
    }

    public void Crash()
    {
        foreach (AgentSession session in _sessions)
        {
            session.Crash();
        }

        Die();
    }

    public void Restart()
    {
        if (IsAlive || IsLost)
        {
            return;
        }

        IsAlive = true;
        LifeId = Dice.NewGuid();

        // By the wall clock, as the agent's: a later life counts on from a greater number.
        _sequence = World.Agenda.NowMicros;
        if (World.Tells)
        {
            World.Tell(Name, "agent starts");
        }

        Begin();
    }

    /// <summary>The whole machine: nothing of it acts any more, QEMUs included.</summary>
    public void PowerOff(bool forGood)
    {
        if (IsAlive)
        {
            Crash();
        }

        IsLost |= forGood;
        foreach (VirtualMachine vm in World.Vms)
        {
            foreach (Machine machine in vm.Hypervisors.Machines.Where(m => m.Host == this && m.Alive).ToList())
            {
                World.NoteDeath(vm, machine);
                vm.Hypervisors.Kill(machine);
            }
        }
    }

    /// <summary>The store is gone, or an earlier copy of it was put back; either way it is a new instance.</summary>
    public void ReplaceStore(bool restored)
    {
        Store = new StoreInstanceId(Dice.NewGuid());
        foreach (AgentSession session in _sessions)
        {
            session.ReplaceDisk(restored);
        }
    }
}
