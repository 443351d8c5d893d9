using Coordinator.Contracts.Api;

namespace Coordinator.Contracts.Text;

/// <summary>One stay in one phase; an open end is now.</summary>
public sealed record PhaseSpan(string Phase, DateTime From, DateTime? To);

/// <summary>When which phase was entered, told from the journalled events: phases are not journalled themselves, they follow from events.</summary>
public static class PhaseSpans
{
    static readonly Dictionary<string, string> s_entered = new(StringComparer.Ordinal)
    {
        ["MigrationRequested"] = "Pending",
        ["MigrationScheduled"] = "Scheduling",
        ["AttemptOpened"] = "PreparingDestination",
        ["SwitchoverAuthorized"] = "Iterating",
        ["SwitchoverEntered"] = "Switchover",
        ["GuestRunsAtDestination"] = "Verifying",
        ["VerdictReached"] = "Finishing",
        ["AttemptEnded"] = "RollingBack",
        ["DoubtRaised"] = "InDoubt",
    };

    public static IReadOnlyList<PhaseSpan> Of(Migration migration)
    {
        List<PhaseSpan> spans = [];
        foreach (var entry in migration.Timeline)
        {
            var at = entry.At.ToDateTime();
            if (s_entered.TryGetValue(entry.Event, out var phase))
            {
                Close(at);
                spans.Add(new(phase, at, null));
            }
            else if (entry.Event is "MigrationEnded" or "GuestLost")
            {
                Close(at);
            }
        }
        return spans;

        void Close(DateTime at)
        {
            if (spans is [.., { To: null } last])
                spans[^1] = last with { To = at };
        }
    }
}
