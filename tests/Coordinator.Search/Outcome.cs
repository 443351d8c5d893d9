using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>What somebody could read off a final state of one attempt, in words that have nothing to do with the code that led there: two models of the handoff can be compared by them.</summary>
public readonly record struct Outcome(string Text)
{
    /// <summary>In the order in which both models tell them. Deaths are told always, because a good end depends on them; the other kinds on demand.</summary>
    private static readonly (Happened Kind, string Words)[] Faults =
    [
        (Happened.SourceQemuDied, "source-dies"),
        (Happened.DestinationQemuDied, "destination-dies"),
        (Happened.ConnectionFailed, "connection-fails"),
        (Happened.SentIntoBuffer, "device-state-in-buffer"),
        (Happened.LockReleasedStalled, "lock-released-stalled"),
        (Happened.StayedWithoutImages, "stays-without-images"),
        (Happened.LoadedOtherRings, "loads-with-other-rings"),
        (Happened.LoadFailed, "load-fails"),
        (Happened.StreamBroke, "stream-breaks"),
        (Happened.StreamStalled, "stream-stalls"),
        (Happened.TailLost, "tail-lost"),
        (Happened.AcknowledgementLost, "acknowledgement-lost"),
        (Happened.SourceAgentCrashed, "source-agent-crashes"),
        (Happened.DestinationAgentCrashed, "destination-agent-crashes"),
        (Happened.ContinueFailed, "cont-fails"),
    ];

    public static Outcome Of(Moves moves, World world)
    {
        VmState journal = moves.Journals[world.Journal];
        SourceRecords source = moves.Sources[world.Source].Handoff.Records;
        DestinationRecords destination = moves.Destinations[world.Destination].Handoff.Records;
        QemuPair pair = moves.Pairs[world.Pair];
        string[] records =
        [
            source.Tombstone > AttemptNo.None ? " tombstone" : "",
            source.Started > AttemptNo.None ? " started" : "",
            source.Completed > AttemptNo.None ? " completed" : "",
            source.Refused > AttemptNo.None ? " refused" : "",
            journal.Owed.Any(o => o is Owed.CleanUp) ? " owes-clean-up" : "",
            journal.Owed.Any(o => o is Owed.EndSource) ? " owes-end" : "",
        ];
        string faults = string.Concat(Faults.Where(f => world.Happened.HasFlag(f.Kind)).Select(f => " " + f.Words));
        return new Outcome(
            $"{journal.Migration!.Phase}, register {RegisterOf(destination)}, source {SourceOf(pair.Source)}, destination {DestinationOf(pair.Destination)}, records:{string.Concat(records)}, faults:{faults}");
    }

    public override string ToString() => Text;

    private static string RegisterOf(DestinationRecords records) => records switch
    {
        { Attempt.Value: 0 } => "none",
        { Register: RegisterValue.Run } when records.Running >= records.Attempt => "running",
        _ => records.Register.ToString().ToLowerInvariant(),
    };

    private static string SourceOf(QemuProcess process) => process.Alive ? $"{process.Run.ToQmp()}/{process.Status.ToQmp()}" : "gone";

    private static string DestinationOf(QemuProcess process)
    {
        string state = process switch
        {
            { Life: ProcessLife.NotLaunched } => "absent",
            { Life: ProcessLife.ExitedFailed } => "failed",
            { Alive: false } => "gone",
            { GuestRuns: true } => "runs",
            { Incoming: true } => "receives",
            _ => "loaded",
        };
        return process.Rings == LoadedRings.Equal ? state : state + " with other rings";
    }
}
