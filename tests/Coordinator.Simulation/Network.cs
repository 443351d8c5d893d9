namespace Coordinator.Simulation;

/// <summary>One direction of each link between two parties. What was sent stays deliverable, late and twice, to whoever lives then.</summary>
public sealed class Network
{
    private readonly World _world;
    private readonly Dice _dice;
    private readonly int[,] _cuts;

    public Network(World world, int parties)
    {
        _world = world;
        _dice = Dice.Of(world.Schedule.Seed, 1);
        _cuts = new int[parties, parties];
    }

    public bool IsCut(Party from, Party to) => _cuts[from.Number, to.Number] > 0;

    public bool Connects(Party one, Party other) => one == other || (!IsCut(one, other) && !IsCut(other, one));

    public void Cut(Party from, Party to, long micros)
    {
        _cuts[from.Number, to.Number]++;
        _world.Agenda.After(micros, () => _cuts[from.Number, to.Number]--);
    }

    /// <summary>Who sent it may be dead when it arrives.</summary>
    public void Send(Party from, Party to, Action arrives)
    {
        Schedule schedule = _world.Schedule;
        bool faulty = !_world.IsCalm;
        if (IsCut(from, to))
        {
            // Half of what meets a cut is only held up by it, as by a connection that is retransmitted later.
            if (_dice.Chance(0.5))
            {
                Deliver(to, _dice.Between(100_000, 15_000_000), arrives);
            }

            return;
        }

        if (faulty && _dice.Chance(schedule.Loss))
        {
            _world.Coverage.Hit(FaultKind.MessagesLost);
            return;
        }

        long delay = _dice.Between(60, _dice.Chance(0.05) ? 30_000 : 500);
        if (faulty && _dice.Chance(schedule.Lateness))
        {
            _world.Coverage.Hit(FaultKind.MessagesLate);
            delay = _dice.Between(20_000, 20_000_000);
        }

        Deliver(to, delay, arrives);
        if (faulty && _dice.Chance(schedule.Doubling))
        {
            _world.Coverage.Hit(FaultKind.MessagesDoubled);
            Deliver(to, _dice.Between(100, 20_000_000), arrives);
        }
    }

    private void Deliver(Party to, long micros, Action arrives) => _world.Agenda.After(micros, () => to.Receive(arrives));
}
