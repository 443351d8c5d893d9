using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Alerts;

/// <summary>One line for each alert, with an event id that log pipelines may match on; ids are never given again. Written before the delivery begins and whether or not one is configured.</summary>
internal static partial class AlertLog
{
    internal const int MigrationInDoubt = 4001;
    internal const int ForeignRun = 4002;
    internal const int DoubtResolved = 4003;
    internal const int DoubtEnded = 4004;

    internal static void Raised(ILogger log, Alert alert)
    {
        switch (alert.Kind)
        {
            case AlertKind.MigrationInDoubt:
                InDoubt(log, alert.ToJson());
                break;
            case AlertKind.ForeignRun:
                Foreign(log, alert.ToJson());
                break;
            case AlertKind.DoubtResolved:
                Resolved(log, alert.ToJson());
                break;
            case AlertKind.DoubtEnded:
                Ended(log, alert.ToJson());
                break;
            default:
                throw new InvalidOperationException($"unknown alert {alert.Kind}");
        }
    }

    [LoggerMessage(MigrationInDoubt, LogLevel.Critical, "ALERT MigrationInDoubt: {Alert}", EventName = "MigrationInDoubt")]
    private static partial void InDoubt(ILogger log, string alert);

    [LoggerMessage(ForeignRun, LogLevel.Critical, "ALERT ForeignRun: {Alert}", EventName = "ForeignRun")]
    private static partial void Foreign(ILogger log, string alert);

    [LoggerMessage(DoubtResolved, LogLevel.Warning, "ALERT DoubtResolved: {Alert}", EventName = "DoubtResolved")]
    private static partial void Resolved(ILogger log, string alert);

    [LoggerMessage(DoubtEnded, LogLevel.Warning, "ALERT DoubtEnded: {Alert}", EventName = "DoubtEnded")]
    private static partial void Ended(ILogger log, string alert);

    [LoggerMessage(4010, LogLevel.Error, "alert {Id} was not delivered by {Outlet} (try {Tries}): {Reason}; next try in {DelayMs} ms", EventName = "AlertUndelivered")]
    internal static partial void Undelivered(ILogger log, string id, string outlet, int tries, string reason, long delayMs);

    [LoggerMessage(4011, LogLevel.Information, "alert {Id} was delivered by {Outlet}", EventName = "AlertDelivered")]
    internal static partial void Delivered(ILogger log, string id, string outlet);
}
