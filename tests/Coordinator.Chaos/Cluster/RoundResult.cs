using System.Globalization;

namespace Coordinator.Chaos.Cluster;

/// <summary>What became of one round.</summary>
internal sealed record RoundResult
{
    public required string Fault { get; init; }

    public IReadOnlyList<string> Violations { get; init; } = [];

    public double Seconds { get; init; }

    public int Moves { get; init; }

    /// <summary>How moves ended, and how many so.</summary>
    public IReadOnlyList<string> Outcomes { get; init; } = [];

    /// <summary>Longest time without a running copy of a guest.</summary>
    public double StandstillMs { get; init; }

    /// <summary>Steps that the guests counted, each of them once and in order.</summary>
    public long Counted { get; init; }

    /// <summary>Processes that ended by themselves and were started again by their supervisor.</summary>
    public IReadOnlyList<string> Revived { get; init; } = [];

    /// <summary>What each coordinator said while the fault lasted.</summary>
    public IReadOnlyList<string> Said { get; init; } = [];

    /// <summary>Guests that arrived while the fault lasted.</summary>
    public int EndedMeanwhile { get; init; }

    /// <summary>What the history's checkers had before them.</summary>
    public string Judged { get; init; } = "";

    /// <summary>What a checker could not decide within its bounds.</summary>
    public IReadOnlyList<string> Undecided { get; init; } = [];

    /// <summary>By which bounds were longer: <see cref="Coordinator.Lab.Evidence.MachineLoad"/>.</summary>
    public double Load { get; init; } = 1;

    public bool IsGood => Violations.Count == 0;

    public static RoundResult Broken(string fault, string why) => new() { Fault = fault, Violations = [why] };

    /// <summary>For people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsGood ? "ok  " : "BAD ")} {Fault,-60} {Seconds,4:0} s, {Moves} moves, {Counted} steps, standstill {StandstillMs,7:0} ms{(Revived.Count > 0 ? "; started again: " + string.Join(", ", Revived) : "")}"
        + $"{string.Concat(Outcomes.Select(outcome => "\n       " + outcome))}{string.Concat(Said.Select(said => "\n       " + said))}"
        + $"{string.Concat(Violations.Select(violation => "\n     ! " + violation))}");
}
