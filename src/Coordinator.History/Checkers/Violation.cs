using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>A sentence for people that names the records which break a rule.</summary>
/// <param name="Checker">The rule: one of the names in <see cref="HistoryJudge"/>.</param>
public sealed record Violation(string Checker, VmName? Vm, long AtMicros, string Sentence)
{
    /// <summary>The checker could not say: its search was given up. A step of a real QEMU that the model cannot explain is decided.</summary>
    public bool IsUndecided { get; init; }

    public override string ToString() => $"{Checker}: {Sentence}";
}

internal static class Moment
{
    /// <summary>Milliseconds with all the microseconds: what the sentences call a time.</summary>
    internal static string Ms(long micros) => (micros / 1000.0).ToString("0.000", System.Globalization.CultureInfo.InvariantCulture) + " ms";
}
