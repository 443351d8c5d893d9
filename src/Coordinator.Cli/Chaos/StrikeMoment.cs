using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Chaos;

/// <summary>When a fault strikes: some time after a phase was seen, so that one plan reaches other places in every round. Exact places are what failpoints are for ('coordctl chaos failpoints').</summary>
internal sealed record StrikeMoment(string Phase, TimeSpan Delay)
{
    /// <summary>In the order of a migration that goes well.</summary>
    public static readonly IReadOnlyList<string> Phases = ["Pending", "PreparingDestination", "Iterating", "Switchover", "Verifying", "Finishing"];

    static readonly string[] s_beforePreparation = ["Pending", "Scheduling"];

    /// <summary>Phases pass quickly: one that was not seen has come when a later one has.</summary>
    public bool HasCome(Migration migration) => migration.Terminal || Place(migration.Phase) >= Place(Phase);

    static int Place(string phase)
    {
        if (s_beforePreparation.Contains(phase))
            return 0;
        for (var i = 0; i < Phases.Count; i++)
            if (Phases[i] == phase)
                return i;

        // RollingBack, InDoubt: it does not go well any more, so there is nothing to wait for.
        return Phases.Count;
    }
}
