namespace Coordinator.Mutants;

/// <summary>One change of one place of the decision code.</summary>
/// <param name="Number">As in <c>MutantSwitch.Is</c>; given anew whenever the code changes.</param>
/// <param name="File">Relative to the domain's folder.</param>
/// <param name="Line">From 1, in the original.</param>
/// <param name="Was">The original text, in one line.</param>
/// <param name="Becomes">What the mutant does instead.</param>
public sealed record Mutant(int Number, string File, int Line, string Was, string Becomes)
{
    /// <summary>Survives edits elsewhere in the file: what the list of equivalents names.</summary>
    public string Key => $"{File}: {Was} => {Becomes}";

    public override string ToString() => $"#{Number} {File}:{Line}: {Was} => {Becomes}";
}
