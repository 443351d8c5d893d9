using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Alerts;

/// <summary>
/// One line for each alert, written before the delivery begins and whether or not one is configured. The one table of kinds: log pipelines match on event ids and receivers on severities, so an id is
/// never given again.
/// </summary>
internal static partial class AlertLog
{
    private static readonly Dictionary<AlertKind, Line> s_lines = new Line[]
    {
        new(AlertKind.MigrationInDoubt, 4001, LogLevel.Critical),
        new(AlertKind.ForeignRun, 4002, LogLevel.Critical),
        new(AlertKind.DoubtResolved, 4003, LogLevel.Warning),
        new(AlertKind.DoubtEnded, 4004, LogLevel.Warning),
    }.ToDictionary(line => line.Kind);

    internal static int EventIdOf(AlertKind kind) => s_lines[kind].EventId;

    /// <summary>"critical" wakes somebody up, "warning" is read in the morning.</summary>
    internal static string SeverityOf(AlertKind kind) => s_lines[kind].Level == LogLevel.Critical ? "critical" : "warning";

    internal static void Raised(ILogger log, Alert alert) => s_lines[alert.Kind].Write(log, alert.ToJson(), null);

    [LoggerMessage(4010, LogLevel.Error, "alert {Id} was not delivered by {Outlet} (try {Tries}): {Reason}; next try in {DelayMs} ms", EventName = "AlertUndelivered")]
    internal static partial void Undelivered(ILogger log, string id, string outlet, int tries, string reason, long delayMs);

    [LoggerMessage(4011, LogLevel.Information, "alert {Id} was delivered by {Outlet}", EventName = "AlertDelivered")]
    internal static partial void Delivered(ILogger log, string id, string outlet);

    private sealed class Line(AlertKind kind, int eventId, LogLevel level)
    {
        public AlertKind Kind => kind;

        public int EventId => eventId;

        public LogLevel Level => level;

        public Action<ILogger, string, Exception?> Write { get; } = LoggerMessage.Define<string>(level, new EventId(eventId, kind.ToString()), $"ALERT {kind}: {{Alert}}");
    }
}
