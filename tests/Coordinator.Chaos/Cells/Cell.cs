using Coordinator.Contracts.Api;

namespace Coordinator.Chaos.Cells;

/// <summary>One place of a migration, one moment, one fault.</summary>
internal sealed record Cell(CellPlace Place, Moment Moment, CellFault Fault)
{
    /// <summary>Also the name of its result's file.</summary>
    public string Name => $"{Place.Phase}.{Place.Name}.{Moment}.{Fault}".ToLowerInvariant();

    /// <summary>
    /// Whether the guest has to live through it: false where the fault kills the only copy, null where two things happen at once and either may be first.
    /// </summary>
    public bool? MustLive => Fault switch
    {
        CellFault.KillSourceQemu or CellFault.KillSourceAgentAndQemu => SourceDeath(),
        CellFault.KillDestinationQemu => DestinationDeath(),
        _ => true,
    };

    public override string ToString() => Name;

    /// <summary>Before <c>completed</c> the source is the only copy. Once the agent releases, the destination has all of it.</summary>
    private bool? SourceDeath() => Place.Name switch
    {
        "register-opened" or "attempt-started" or "mid-copy" => false,
        "migrate-continue" => Moment == Moment.Before ? false : null,

        // Not recorded as completed yet, as far as anybody can prove, so a person decides.
        "released" => Moment == Moment.Before ? null : true,
        "refusal-stored" => false,
        _ => true,
    };

    /// <summary>The source can have the guest back until the destination has run it.</summary>
    private bool? DestinationDeath() => Place.Name switch
    {
        "guest-runs-at-destination" or "verdict-reached" or "answer-running" or "step-end-source" => false,
        "cont" => Moment == Moment.Before ? true : false,
        _ => true,
    };
}

/// <summary>What became of a cell.</summary>
internal sealed record CellResult
{
    public required string Cell { get; init; }

    public required string Phase { get; init; }

    public string Verdict { get; init; } = "";

    public string Reason { get; init; } = "";

    /// <summary>Longest time without a running copy between the guest's first run and its last.</summary>
    public double StandstillMs { get; init; }

    /// <summary>Whose absence explains a standstill beyond the deadline; empty when there was none.</summary>
    public string Blame { get; init; } = "";

    /// <summary>From the strike to the terminal result.</summary>
    public double SettledAfterMs { get; init; }

    public IReadOnlyList<string> Violations { get; init; } = [];

    /// <summary>As journalled, for a cell that has to be looked at.</summary>
    public string Story { get; init; } = "";

    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>What the history's checkers had before them.</summary>
    public string Judged { get; init; } = "";

    /// <summary>
    /// What a checker of the history could not decide: steps that the model of QEMU does not explain, because the outside observer got no core in time and missed an event, and a search
    /// for an order of a register's operations that was given up. Shown and counted, and no failure of the cell.
    /// </summary>
    public IReadOnlyList<string> Unexplained { get; init; } = [];

    /// <summary>By which all bounds of this cell were longer: <see cref="Evidence.MachineLoad"/>.</summary>
    public double Load { get; init; } = 1;

    public bool IsGood => Violations.Count == 0;

    public static CellResult Broken(Cell cell, string why) => new() { Cell = cell.Name, Phase = "broken", Violations = [why] };

    public static string Describe(Migration? ended) => Coordinator.Lab.Deployments.Story.Of(ended);
}
