using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Lab.Deployments;

/// <summary>A migration for people: what a failing test shows.</summary>
public static class Story
{
    public static string Of(Migration? migration)
    {
        if (migration is null)
        {
            return "no migration";
        }

        IEnumerable<string> lines =
        [
            $"{migration.SourceHost} -> {migration.DestinationHost} {migration.Phase} attempt {migration.Attempt} verdict '{migration.Verdict}' reason '{migration.Reason}' owed '{string.Join("; ", migration.Owed)}'",
            $"  progress {migration.Progress}",
            $"  blackout {migration.Blackout}",
            .. migration.Timeline.Select(entry => $"  {entry.At.ToDateTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {entry.Event} {entry.Detail}"),
            .. migration.Queues.Select(Queue),
        ];
        return string.Join('\n', lines);
    }

    public static string Queue(Queue queue) =>
        $"  {queue.Device} {queue.Index} {queue.Name}: {Record(queue.Source)} / {Record(queue.Destination)} {queue.Outcome} {queue.Progress} {queue.Reason}";

    private static string Record(QueueRecord? record) => record is null ? "-" : $"{record.Kind} size {record.Size} last {record.LastAvailIdx} used {record.UsedIdx} inflight {record.Inflight}";
}
