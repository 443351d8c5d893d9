using Akka.Pattern;
using Prometheus;

namespace Coordinator.Actors.Metrics;

/// <summary>How the journal of migrations does, as the entities of this node find it.</summary>
internal sealed class JournalMetrics
{
    private static readonly double[] s_recoverySeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Histogram _write;
    private readonly Histogram _recovery;
    private readonly Gauge _breakerOpen;
    private readonly Counter _events;
    private readonly Counter _bytes;

    internal JournalMetrics(MetricFactory create, double[] writeSeconds)
    {
        _write = create.CreateHistogram(
            "coordinator_journal_write_seconds", "From handing one decision's events to the journal until all of them are stored.", new HistogramConfiguration { Buckets = writeSeconds });
        _recovery = create.CreateHistogram(
            "coordinator_recovery_seconds", "From the start of a VM's entity until it has read its journal.", new HistogramConfiguration { Buckets = s_recoverySeconds });
        _events = create.CreateCounter("coordinator_journal_events_total", "Events of VMs that this node has stored since it started.");
        _bytes = create.CreateCounter("coordinator_journal_bytes_total", "Bytes of the events that this node has handed to the journal since it started, without the database's own columns and indexes.");
        _breakerOpen = create.CreateGauge(
            "coordinator_journal_breaker_open", "1 from a write that the journal's circuit breaker refused until the next one that was stored. Akka does not show the breaker itself.");
    }

    internal void Wrote(TimeSpan took, int events)
    {
        _events.Inc(events);
        _write.Observe(took.TotalSeconds);
        _breakerOpen.Set(0);
    }

    internal void ShowBytes(long made) => _bytes.IncTo(made);

    internal void Recovered(TimeSpan took) => _recovery.Observe(took.TotalSeconds);

    internal void Failed(Exception cause)
    {
        if (cause is OpenCircuitException || cause.InnerException is OpenCircuitException)
        {
            _breakerOpen.Set(1);
        }
    }
}
