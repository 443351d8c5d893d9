namespace Coordinator.Lab.GuestConsole;

/// <summary>What the guest's console proves: the same boot, every tick exactly once, no corrupt page, no complaint of the guest's kernel.</summary>
/// <param name="Boot">The first boot id seen; empty before the first tick.</param>
/// <param name="PagesChecked">Grows while the guest verifies memory; 0 corrupt pages of 0 checked prove nothing.</param>
/// <param name="Findings">At most <see cref="ConsoleJudge.FindingLimit"/>; empty is what a migration must leave.</param>
public sealed record ConsoleReport(
    string Boot,
    long FirstTick,
    long LastTick,
    long Ticks,
    long PagesChecked,
    long PagesCorrupt,
    ConsoleLine.Ready? Ready,
    ConsoleLine.Net? Net,
    IReadOnlyList<ConsoleFinding> Findings)
{
    /// <summary>Something was seen and nothing was wrong with it.</summary>
    public bool IsIntact => Ticks > 0 && Findings.Count == 0;

    public override string ToString() => Ticks == 0
        ? $"no tick yet{Complaints}"
        : $"boot {Boot}: ticks {FirstTick}..{LastTick}, {PagesChecked} pages checked, {PagesCorrupt} corrupt{Complaints}";

    string Complaints => Findings.Count == 0 ? "" : "; " + string.Join("; ", Findings.Take(5));
}

/// <param name="Source">The console log it came from.</param>
public sealed record ConsoleFinding(ConsoleFindingKind Kind, string Detail, string Source)
{
    public override string ToString() => $"{Kind}: {Detail} ({Path.GetFileName(Source)})";
}

public enum ConsoleFindingKind
{
    /// <summary>Ticks are missing: guest memory or console output was lost.</summary>
    TicksMissing,

    /// <summary>A tick came a second time: the guest ran from an older state, or two copies ran.</summary>
    TicksRepeated,

    /// <summary>Another boot id: the guest did not go on but started again.</summary>
    Rebooted,

    /// <summary>A console log of an earlier hop grew after a later one had begun: two copies ran.</summary>
    OldCopyRan,
    PagesCorrupt,
    KernelFault,
    LoadFailed,
    LineTorn,
}
