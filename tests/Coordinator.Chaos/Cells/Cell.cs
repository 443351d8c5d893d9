using Coordinator.Contracts.Api;

namespace Coordinator.Chaos.Cells;

/// <summary>One place of a migration, one moment, one fault.</summary>
internal sealed record Cell(CellPlace Place, Moment Moment, CellFault Fault)
{
    /// <summary>With a guest that counts on its console instead of an empty one: judged by its count too.</summary>
    public bool IsTicking { get; init; }

    /// <summary>Also the name of its result's file.</summary>
    public string Name => $"{Place.Phase}.{Place.Name}.{Moment}.{Fault}{(IsTicking ? ".ticking" : "")}".ToLowerInvariant();

    /// <summary>Whoever is away for longer than any deadline may be missed meanwhile; when all are there again, no doubt is left.</summary>
    public bool MayBeDoubtedMeanwhile => CellFaults.OfLongAbsence.Contains(Fault);

    /// <summary>
    /// Whether there is anybody whom the fault could strike. The destination's QEMU is launched only after the opening of its register is recorded, the source's refusal is stored only
    /// when the copy is proven dead, and the source is ended while the queues are still watched.
    /// </summary>
    public bool IsPossible => Fault switch
    {
        CellFault.KillDestinationQemu => !(Place == CellPlace.Preparing || Place == CellPlace.RollingBack),
        CellFault.KillSourceQemu => Place != CellPlace.Finishing,
        _ => true,
    };

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
    /// What a checker of the history could not decide: a search for an order of a register's operations, or for an explanation of QEMU's steps, that was given up. Shown and counted, and
    /// no failure of the cell. A step that the model of QEMU cannot explain is decided, and a violation.
    /// </summary>
    public IReadOnlyList<string> Unexplained { get; init; } = [];

    /// <summary>By which all bounds of this cell were longer: <see cref="Coordinator.Lab.Evidence.MachineLoad"/>.</summary>
    public double Load { get; init; } = 1;

    public bool IsGood => Violations.Count == 0;

    /// <summary>By the guest's own count, where it counts.</summary>
    public long Ticks { get; init; }

    public static CellResult Broken(Cell cell, string why) => new() { Cell = cell.Name, Phase = "broken", Violations = [why] };

    public static string Describe(Migration? ended) => Coordinator.Lab.Deployments.Story.Of(ended);
}
