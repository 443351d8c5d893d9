using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Search;
using Xunit.Abstractions;

namespace Coordinator.Simulation;

/// <summary>
/// Tests of the simulator: the defects that the exhaustive search has to find are found by sampling too, each for the reason it was planted for. No defect is left to the search
/// alone; those that need two events in one order are given the faults that make them, and more schedules.
/// </summary>
public sealed class PlantedDefectTests(ITestOutputHelper output)
{
    private static readonly FaultKind[] s_links = [FaultKind.MessagesLate, FaultKind.LinkCut, FaultKind.LinkCutOneWay, FaultKind.Partition];

    private static Schedule Any(ulong seed) => Schedule.Draw(seed);

    /// <summary>A start that is held up while the cancel is answered, and the agent that answered it crashes.</summary>
    private static Schedule LateStarts(ulong seed) => Schedule.Draw(seed, maxFaults: 0) with
    {
        Lateness = 0.4,
        Cancels = 1,
        Repeats = 0,
        Hosts = 2,
        Vms = 1,
        Migrations = 1,
        Faults = [new Fault(FaultKind.AgentCrash, 0, new Trigger(TriggerKind.Phase, (int)MigrationPhase.Cancelled, (int)(seed % 20)), Pick: 1, DurationMs: 20)],
    };

    /// <summary>A source that dies somewhere between the order to start and the end of its stream.</summary>
    private static Schedule DyingSources(ulong seed) => Schedule.Draw(seed, maxFaults: 0) with
    {
        Hosts = 2,
        Vms = 1,
        Migrations = 1,
        Guest = GuestBefore.Running,
        Faults = [new Fault(FaultKind.SourceQemuDies, 0, new Trigger(TriggerKind.Phase, (int)MigrationPhase.Iterating, (int)(seed % 60)), Pick: 1, DurationMs: 20)],
    };

    /// <summary>And a destination's agent that sleeps while the stream comes: what it has seen is what was before.</summary>
    private static Schedule StaleLooks(ulong seed)
    {
        Schedule dying = DyingSources(seed);
        return dying with
        {
            Faults = [.. dying.Faults, new Fault(FaultKind.AgentPause, 0, new Trigger(TriggerKind.Phase, (int)MigrationPhase.Iterating, (int)(seed % 7)), Pick: 4, DurationMs: 3_000)],
        };
    }

    /// <summary>Starts that arrive a second time, at agents that have forgotten them.</summary>
    private static Schedule ForgottenStarts(ulong seed) => Schedule.Draw(seed, 3, [FaultKind.AgentStateWiped, FaultKind.AgentStateRestored]) with
    {
        Doubling = 0.5,
        Cancels = 0.5,
        Hosts = 2,
        Migrations = 3,
    };

    public static TheoryData<string, ProtocolRules, string[], Func<ulong, Schedule>, int> Planted() => new()
    {
        { "release sent in device", new Defects.ReleaseSentInDevice(), ["two copies", "released"], Any, 3_000 },
        { "register not durable", new Defects.RegisterNotDurable(), ["refused although the guest ran"], Any, 3_000 },
        { "epoch unchecked", new Defects.EpochUnchecked(), ["goes on after", "runs at the", "two copies"], seed => Schedule.Draw(seed, 3, [FaultKind.CoordinatorOvertaken, FaultKind.LinkCut]) with { Cancels = 1, Vms = 1, Migrations = 1 }, 3_000 },
        { "address unchecked", new Defects.AddressUnchecked(), ["goes on after", "two copies"], ForgottenStarts, 12_000 },
        { "resume without proof", new Defects.ResumeWithoutProof(), ["two copies", "not refused"], Any, 3_000 },
        { "cont on inmigrate", new Defects.ContOnInmigrate(), ["without register run"], Any, 3_000 },
        { "empty taken as proof", new Defects.EmptyTakenAsProof(), ["two copies", "runs at the destination after"], seed => Schedule.Draw(seed, 6, s_links), 6_000 },
        { "released before it is durable", new Defects.ReleasedBeforeItIsDurable(), ["two copies", "not refused"], seed => Schedule.Draw(seed, 6, [FaultKind.AgentCrash, .. s_links]), 6_000 },
        { "grant on observation", new Defects.GrantOnObservation(), ["two copies", "no good end"], Any, 3_000 },
        { "no tombstone", new Defects.NoTombstone(), ["has a tombstone", "goes on after"], seed => Schedule.Draw(seed, 6, s_links) with { Cancels = 1 }, 12_000 },
        { "reply before persist", new Defects.ReplyBeforePersist(), ["has a tombstone", "goes on after"], LateStarts, 40_000 },
        { "epoch on agent messages", new Defects.EpochOnAgentMessages(), ["no good end", "stands still"], Any, 3_000 },
        { "destination refuses by timer", new Defects.DestinationRefusesByTimer(), ["a loaded copy is refused"], Any, 3_000 },
        { "gate refuses alone", new Defects.GateRefusesAlone(), ["a loaded copy is refused"], Any, 3_000 },
        { "cancel sent to the destination", new Defects.CancelSentToDestination(), ["a loaded copy is refused"], Any, 3_000 },
        { "fence of both needed", new Defects.FenceOfBothNeeded(), ["no good end"], Any, 3_000 },
        { "terminal result on old evidence", new Defects.OldEvidence(), ["goes on after", "runs at the destination after", "tombstone"], Any, 6_000 },
        { "failed but stopped taken as running", new Defects.FailedButStoppedTakenAsRunning(), ["no good end"], seed => Schedule.Draw(seed, 4, [FaultKind.ImagesStayAway, FaultKind.StreamBreaks, FaultKind.AcknowledgementLost]), 6_000 },
        { "cont before the gate", new Defects.ContBeforeTheGate(), ["without register run"], Any, 3_000 },
        { "gate judged open whatever it finds", new Defects.GateAlwaysOpen(), ["with other rings"], Any, 3_000 },
        { "abandon without a fresh look", new Defects.AbandonWithoutAFreshLook(), ["a loaded copy is refused"], StaleLooks, 6_000 },
        { "abandon refuses a copy that has loaded", new Defects.AbandonRefusesALoadedCopy(), ["a loaded copy is refused"], DyingSources, 6_000 },
        { "nobody abandons", new Defects.NobodyAbandons(), ["no good end"], DyingSources, 3_000 },
        { "word against the evidence", new Defects.WordAgainstTheEvidence(), ["two copies"], seed => Schedule.Draw(seed) with { Person = true }, 6_000 },
        { "wiped register taken as empty", new Defects.RegisterWipedTakenAsEmpty(), ["two copies", "is answered refused while"], Any, 3_000 },
    };

    [Theory]
    [MemberData(nameof(Planted), DisableDiscoveryEnumeration = true)]
    public void Simulation_PlantedDefect_IsFound(string name, ProtocolRules rules, string[] violations, Func<ulong, Schedule> draw, int schedules)
    {
        Coverage coverage = new();
        Finding? found = Simulator.FirstFinding(
            1, schedules, rules, coverage, draw, violation => violations.Any(v => violation.Contains(v, StringComparison.Ordinal)));
        output.WriteLine($"{name}: {coverage.Schedules} schedules");
        Assert.NotNull(found);
        output.WriteLine($"{found.Violation} ({found.Trace.Count} lines)");
        Assert.Contains(violations, v => found.Violation.Contains(v, StringComparison.Ordinal));
        Assert.Equal(found.Violation, Simulator.Run(found.Shrunk, rules, new Coverage()));
    }
}
