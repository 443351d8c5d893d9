using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;
using Coordinator.History;
using MigrationPhase = Coordinator.Domain.Migration.MigrationPhase;

namespace Coordinator.Chaos.Laboratory;

/// <summary>What the history writes down of an answer that a client got.</summary>
internal static class SeenByClient
{
    public static void Note(Action<HistoryRecord> note, string vm, Migration? told)
    {
        if (told is not null && Enum.TryParse(told.Phase, out MigrationPhase phase))
        {
            MigrationVerdict? verdict = Enum.TryParse(told.Verdict, out MigrationVerdict reached) ? reached : null;
            note(new ResultSeen(HistoryClock.NowMicros(), new VmName(vm), Guid.Parse(told.Id), phase, verdict));
        }
    }
}
