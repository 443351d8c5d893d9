using System.Globalization;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Support;

/// <summary>The parts of one blackout for people, in milliseconds after STOP. Both hosts of these tests have one clock.</summary>
internal static class BlackoutText
{
    public static string Of(VmReport source, VmReport destination)
    {
        SourceTimes s = source.Source.Times;
        DestinationTimes d = destination.Destination.Times;
        (string Name, long At)[] points =
        [
            ("pre-switchover", s.PreSwitchover), ("continue sent", s.ContinueSent), ("device", s.Device), ("loaded", d.Loaded), ("completed", s.Completed),
            ("first records", d.RecordsRead), ("final records", s.RecordsRead), ("released", s.ReleasedSent), ("received", d.ReleasedReceived), ("judged", d.GateJudged),
            ("run durable", d.RunDurable), ("cont", d.ContSent), ("RESUME", d.Resume), ("running recorded", d.RunningRecorded), ("answered", s.Answered),
        ];
        return string.Join(", ", points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Name} {(point.At - s.Stop) / 1000.0:0.00}")))
            + string.Create(CultureInfo.InvariantCulture, $"; QEMU downtime {s.QemuDowntimeMs}; rehearsed round trip {source.Source.Rehearsal?.RoundTripMicros} us, sync {source.Source.Rehearsal?.SyncMicros} us");
    }
}
