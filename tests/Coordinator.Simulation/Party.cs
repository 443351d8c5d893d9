namespace Coordinator.Simulation;

/// <summary>A process that can be killed, or stopped for a while and continued with everything it remembers.</summary>
public abstract class Party(World world, string name, int number)
{
    private readonly List<Action> _waiting = [];

    public World World => world;

    public string Name => name;

    /// <summary>Its place in the tables of the network.</summary>
    public int Number => number;

    public bool IsAlive { get; protected set; } = true;

    public bool IsPaused { get; private set; }

    /// <summary>Counts its lives: what an earlier one had begun does not go on in a later one.</summary>
    public int Life { get; protected set; }

    public bool Acts => IsAlive && !IsPaused;

    /// <summary>A timer, or a continuation, of this life.</summary>
    public void After(long micros, Action happens)
    {
        int life = Life;
        world.Agenda.After(micros, () => InLife(life, happens));
    }

    /// <summary>What came over the network: for whichever life there is, and nothing for none.</summary>
    public bool Receive(Action happens)
    {
        if (!IsAlive)
        {
            return false;
        }

        InLife(Life, happens);
        return true;
    }

    public void Pause() => IsPaused = true;

    public void Continue()
    {
        IsPaused = false;
        Action[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (Action happens in waiting)
        {
            world.Agenda.After(0, happens);
        }
    }

    protected void Die()
    {
        IsAlive = false;
        IsPaused = false;
        Life++;
        _waiting.Clear();
    }

    private void InLife(int life, Action happens)
    {
        if (!IsAlive || life != Life)
        {
            return;
        }

        if (IsPaused)
        {
            _waiting.Add(() => InLife(life, happens));
            return;
        }

        happens();
    }
}
