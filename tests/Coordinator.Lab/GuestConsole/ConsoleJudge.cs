namespace Coordinator.Lab.GuestConsole;

/// <summary>
/// Judges console lines in the order in which the guest wrote them. Pure: no files, no clock. The rule is exact, with no tolerance: the guest's
/// next tick is the last one plus 1 whatever happens to the host, because late ticks are delayed and never skipped.
/// </summary>
public sealed class ConsoleJudge
{
    public const int FindingLimit = 100;

    readonly List<ConsoleFinding> findings = [];
    ConsoleLine.Tick? first, last;
    ConsoleLine.Ready? ready;
    ConsoleLine.Net? net;
    long ticks, corrupt;

    public ConsoleReport Report() =>
        new(first?.Boot ?? "", first?.Number ?? 0, last?.Number ?? 0, ticks, last?.PagesChecked ?? 0, corrupt, ready, net, [.. findings]);

    public void Observe(string line, string source)
    {
        switch (ConsoleLine.Parse(line))
        {
            case ConsoleLine.Tick tick:
                ObserveTick(tick, source);
                break;
            case ConsoleLine.Ready seen:
                ready = seen;
                break;
            case ConsoleLine.Net seen:
                net = seen;
                break;
            case ConsoleLine.CorruptPage page:
                Find(ConsoleFindingKind.PagesCorrupt, page.Text, source);
                break;
            case ConsoleLine.LoadError error:
                Find(ConsoleFindingKind.LoadFailed, error.Text, source);
                break;
            case ConsoleLine.KernelFault fault:
                Find(ConsoleFindingKind.KernelFault, fault.Text, source);
                break;
            case ConsoleLine.Torn torn:
                Find(ConsoleFindingKind.LineTorn, $"'{torn.Text}'", source);
                break;
        }
    }

    /// <summary>A line in a log whose guest should have stopped writing.</summary>
    public void ObserveOutOfTurn(string line, string source)
    {
        if (ConsoleLine.Parse(line) is ConsoleLine.Tick tick)
            Find(ConsoleFindingKind.OldCopyRan, $"tick {tick.Number} after a later copy had reached {last?.Number}", source);
    }

    void ObserveTick(ConsoleLine.Tick tick, string source)
    {
        ticks++;
        first ??= tick;
        if (last is not null && tick.Boot != last.Boot)
            Find(ConsoleFindingKind.Rebooted, $"boot {last.Boot} ended at tick {last.Number}, boot {tick.Boot} begins at {tick.Number}", source);
        else if (last is not null && tick.Number > last.Number + 1)
            Find(ConsoleFindingKind.TicksMissing, $"tick {last.Number} is followed by {tick.Number}", source);
        else if (last is not null && tick.Number <= last.Number)
            Find(ConsoleFindingKind.TicksRepeated, $"tick {last.Number} is followed by {tick.Number}", source);
        if (tick.PagesCorrupt > corrupt)
            Find(ConsoleFindingKind.PagesCorrupt, $"{tick.PagesCorrupt} corrupt pages at tick {tick.Number}", source);
        corrupt = Math.Max(corrupt, tick.PagesCorrupt);
        last = tick;
    }

    void Find(ConsoleFindingKind kind, string detail, string source)
    {
        if (findings.Count < FindingLimit)
            findings.Add(new(kind, detail, source));
    }
}
