using System.Globalization;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Sessions;

/// <summary>The moments of one side's switchover in one line of the log: microseconds from its first one, by this host's clock. For whoever asks where a blackout went.</summary>
internal static class SwitchoverMoments
{
    public static string Of(SourceTimes times) => Text(
        ("STOP", times.Stop), ("pre-switchover", times.PreSwitchover), ("migrate-continue", times.ContinueSent), ("device", times.Device), ("completed", times.Completed),
        ("rings read", times.RecordsRead), ("released", times.ReleasedSent), ("answered", times.Answered));

    public static string Of(DestinationTimes times) => Text(
        ("loaded", times.Loaded), ("rings read", times.RecordsRead), ("released", times.ReleasedReceived), ("gate judged", times.GateJudged), ("register run", times.RunDurable),
        ("cont", times.ContSent), ("RESUME", times.Resume));

    private static string Text(params ReadOnlySpan<(string Name, long Micros)> moments)
    {
        List<string> told = [];
        long first = 0;
        foreach ((string name, long micros) in moments)
        {
            if (micros != 0)
            {
                first = first == 0 ? micros : first;
                told.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {micros - first:+0;-0;0}"));
            }
        }

        return string.Join(", ", told);
    }
}
