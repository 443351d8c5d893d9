using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

/// <summary>What befell a VM that its end must be judged by.</summary>
[Flags]
public enum Happened
{
    None = 0,
    QemuDied = 1,
    StateLost = 2,
    HostLost = 4,
    JournalRestored = 8,
    ThirdPartyCont = 16,

    /// <summary>A person's word decided against the register's.</summary>
    Overruled = 32,
}

public sealed class VirtualMachine(World world, int number)
{
    private readonly List<Incarnation> _incarnations = [];
    private readonly Dice _dice = Dice.Of(world.Schedule.Seed, 300 + number);
    private bool _isStarting;

    public int Number => number;

    public string Name { get; } = $"vm-{number}";

    public VmJournal Journal { get; } = new();

    public Hypervisors Hypervisors { get; private set; } = null!;

    public Client Client { get; private set; } = null!;

    /// <summary>All that live: the current one, and those that were overtaken and do not know it.</summary>
    public IReadOnlyList<Incarnation> Incarnations => _incarnations;

    public Incarnation? Current { get; private set; }

    public Happened Happened { get; set; }

    /// <summary>Processes that a fault ended.</summary>
    public HashSet<LaunchId> Killed { get; } = [];

    /// <summary>Until then something stands in the way of somebody who has to act for this VM.</summary>
    public long DisturbedUntilMicros { get; set; }

    public void Begin()
    {
        Hypervisors = new Hypervisors(world, this);
        Client = new Client(world, this);
    }

    /// <summary>Sharding starts the entity elsewhere; until then nobody decides.</summary>
    public void Succeed(long micros, CoordinatorNode? preferred = null)
    {
        if (_isStarting)
        {
            return;
        }

        _isStarting = true;
        world.Agenda.After(micros, () =>
        {
            _isStarting = false;
            CoordinatorNode? node = preferred is { Acts: true } ? preferred : world.Coordinators.Where(n => n.Acts).OrderBy(n => n == Current?.Node).FirstOrDefault();
            if (node is null)
            {
                Succeed(200_000);
                return;
            }

            Current = new Incarnation(world, this, node, new IncarnationId(_dice.NewGuid()));
            _incarnations.Add(Current);
            Current.Recover();
        });
    }

    /// <param name="failed">A write was refused, by the database or by the journal's index.</param>
    public void Ended(Incarnation incarnation, bool failed)
    {
        _incarnations.Remove(incarnation);
        if (incarnation == Current)
        {
            Succeed(failed ? _dice.Between(20_000, 500_000) : _dice.Between(50_000, 4_000_000));
        }
    }
}
