using Xunit.Abstractions;

namespace Coordinator.Search;

/// <summary>Tests of the search: each planted defect must be found, and for the reason it was planted for.</summary>
public sealed class DefectTests(ITestOutputHelper output)
{
    private static readonly SearchOptions Bound = new() { Faults = 2, EagerRecording = true, MaxStates = 15_000_000 };

    /// <summary>Defect, part of the violation that it must lead to, and what the adversary needs for it.</summary>
    public static TheoryData<string, ProtocolRules, string, SearchOptions> Planted() => new()
    {
        { "release sent in device", new Defects.ReleaseSentInDevice(), "two copies", Bound with { Liveness = false } },
        { "register not durable", new Defects.RegisterNotDurable(), "", Bound with { Liveness = false, StateWipe = false } },
        { "epoch unchecked", new Defects.EpochUnchecked(), "after", Bound with { Liveness = false, HostLoss = false, QemuDeath = false, StateWipe = false } },
        { "resume without proof", new Defects.ResumeWithoutProof(), "two copies", Bound with { Liveness = false } },
        { "cont on inmigrate", new Defects.ContOnInmigrate(), "run", Bound with { Liveness = false } },
        { "empty taken as proof", new Defects.EmptyTakenAsProof(), "two copies", Bound with { Liveness = false } },
        { "released before it is durable", new Defects.ReleasedBeforeItIsDurable(), "two copies", Bound with { Liveness = false } },
        { "grant on observation", new Defects.GrantOnObservation(), "two copies", Bound with { Liveness = false } },
        { "no tombstone", new Defects.NoTombstone(), "after", Bound with { Liveness = false, HostLoss = false, StateWipe = false } },
        { "reply before persist", new Defects.ReplyBeforePersist(), "after", Bound with { Liveness = false, HostLoss = false, QemuDeath = false, StateWipe = false } },
        { "epoch on agent messages", new Defects.EpochOnAgentMessages(), "no good end", Bound with { Faults = 1, HostLoss = false, QemuDeath = false, StateWipe = false, DelayedMessages = false } },
        { "destination refuses by timer", new Defects.DestinationRefusesByTimer(), "a loaded copy is refused", Bound with { Liveness = false } },
        { "gate refuses alone", new Defects.GateRefusesAlone(), "a loaded copy is refused", Bound with { Liveness = false } },
        { "cancel sent to the destination", new Defects.CancelSentToDestination(), "a loaded copy is refused", Bound with { Liveness = false } },
        { "fence of both needed", new Defects.FenceOfBothNeeded(), "no good end", Bound with { Faults = 1, QemuDeath = false, StateWipe = false, DelayedMessages = false } },
        { "failed but stopped taken as running", new Defects.FailedButStoppedTakenAsRunning(), "no good end", Bound with { Faults = 1, HostLoss = false, QemuDeath = false, StateWipe = false, DelayedMessages = false } },
        { "third-party cont", new ProtocolRules(), "two copies", Bound with { Liveness = false, ThirdPartyCont = true } },
        { "cont before the gate", new Defects.ContBeforeTheGate(), "without register run", Bound with { Liveness = false } },
        { "wiped register taken as empty", new Defects.RegisterWipedTakenAsEmpty(), "two copies", Bound with { Liveness = false } },
    };

    [Theory]
    [MemberData(nameof(Planted), DisableDiscoveryEnumeration = true)]
    public void Search_PlantedDefect_IsFound(string name, ProtocolRules rules, string violation, SearchOptions options)
    {
        SearchResult result = Explorer.Run(rules, options);
        output.WriteLine($"{name}: {result}");
        Assert.NotNull(result.Violation);
        Assert.Contains(violation, result.Violation, StringComparison.Ordinal);
    }
}
