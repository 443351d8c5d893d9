using Coordinator.Contracts.Api;

namespace Coordinator.Dashboard.Parts;

/// <summary>
/// The copying of one attempt over time: the journalled end of every pass, and, while a page looks, the samples between them (a first pass may take an hour, and one dot says nothing).
/// </summary>
internal sealed class CopyCurve
{
    /// <summary>More than the plot has pixels; then every second sample goes.</summary>
    internal const int MaxSamples = 600;

    private readonly List<Progress> _samples = [];
    private string _of = "";

    /// <summary>By time; the end of a pass beats a sample of the same moment.</summary>
    internal IReadOnlyList<Progress> Points { get; private set; } = [];

    /// <summary>Ends of passes, for their marks.</summary>
    internal IReadOnlyList<Progress> Passes { get; private set; } = [];

    internal void Show(Migration migration)
    {
        string of = $"{migration.Id}/{migration.Attempt}";
        if (of != _of)
        {
            _of = of;
            _samples.Clear();
        }

        // Figures that went back are of another attempt, or of a journal that is behind: what was drawn with them is not continued.
        if (migration.Progress is { } now && (_samples.Count == 0 || now.ElapsedMs > _samples[^1].ElapsedMs))
        {
            _samples.Add(now);
        }

        if (_samples.Count > MaxSamples)
        {
            Progress[] kept = [.. _samples.Where((_, i) => i % 2 == 0 || i == _samples.Count - 1)];
            _samples.Clear();
            _samples.AddRange(kept);
        }

        Passes = [.. migration.Passes];
        HashSet<long> ends = [.. Passes.Select(p => p.ElapsedMs)];
        Points = [.. Passes.Concat(_samples.Where(s => !ends.Contains(s.ElapsedMs))).OrderBy(p => p.ElapsedMs)];
    }
}
