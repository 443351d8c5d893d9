using Coordinator.Chaos.Laboratory;
using Coordinator.Failpoints;
using Coordinator.History;

namespace Coordinator.Chaos.Faults;

/// <summary>Every commit of agents and coordinators takes 300 ms longer: an action at every failpoint before one, in every part.</summary>
internal sealed class SlowDisks(Action<HistoryRecord> note, ChaosLab lab, TimeSpan lasts) : Fault(note)
{
    public override TimeSpan Lasts => lasts;

    private static IReadOnlyList<Party> Agents => [Party.Agent(Alpha), Party.Agent(Beta)];

    private IEnumerable<string> Actions => lab.Parts.SelectMany(part => FailpointCatalogue.All.Keys
        .Where(name => name.EndsWith(".before", StringComparison.Ordinal) && (name.Contains(".persist.", StringComparison.Ordinal) || name.Contains(".register.", StringComparison.Ordinal)))
        .Select(name => Path.Combine(lab.FailpointsOf(part), name)));

    /// <summary>Where something stands still already, that stays so until the experiment lets it go.</summary>
    public override Task BeginAsync()
    {
        foreach (string action in Actions.Where(action => !File.Exists(action)))
        {
            File.WriteAllText(action, "delay 300ms");
        }

        foreach (Party agent in Agents)
        {
            Begins(agent, FaultKind.Slowed);
        }

        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        foreach (string action in Actions)
        {
            File.Delete(action);
        }

        foreach (Party agent in Agents)
        {
            Ends(agent, FaultKind.Slowed);
        }

        return Task.CompletedTask;
    }
}
