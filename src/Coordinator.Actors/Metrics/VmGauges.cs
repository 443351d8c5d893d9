using Coordinator.Domain.Migration;
using Prometheus;

namespace Coordinator.Actors.Metrics;

/// <summary>One entity's share of the gauges: at most one migration, in one phase. Taken back when the entity stops, on whatever way.</summary>
internal sealed class VmGauges(Gauge migrations, Gauge inDoubt) : IDisposable
{
    private MigrationPhase? _shown;

    /// <param name="phase">Of the migration under way; null for none.</param>
    internal void Show(MigrationPhase? phase)
    {
        if (phase == _shown)
        {
            return;
        }

        Add(_shown, -1);
        Add(phase, 1);
        _shown = phase;
    }

    public void Dispose() => Show(phase: null);

    private void Add(MigrationPhase? phase, int change)
    {
        if (phase is { } shown)
        {
            migrations.WithLabels(shown.ToString()).Inc(change);
            if (shown == MigrationPhase.InDoubt)
            {
                inDoubt.Inc(change);
            }
        }
    }
}
