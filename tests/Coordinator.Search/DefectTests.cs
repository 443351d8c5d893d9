using Xunit.Abstractions;

namespace Coordinator.Search;

/// <summary>Tests of the search: each planted defect must be found, and for the reason it was planted for.</summary>
public sealed class DefectTests(ITestOutputHelper output)
{
    /// <summary>An adversary that can only disturb QEMU and its stream, and crash the agents; each defect adds what it needs, so that it is found in seconds.</summary>
    private static readonly SearchOptions Mild = new()
    {
        Faults = 1,
        EagerRecording = true,
        Liveness = false,
        Cancel = false,
        DelayedMessages = false,
        CoordinatorFaults = false,
        HostLoss = false,
        QemuDeath = false,
        StateWipe = false,
        ContFails = false,
    };

    /// <summary>Defect, part of the violation that it must lead to, and what the adversary needs for it.</summary>
    public static TheoryData<string, ProtocolRules, string, SearchOptions> Planted() => new()
    {
        { "release sent in device", new Defects.ReleaseSentInDevice(), "two copies", Mild },
        { "register not durable", new Defects.RegisterNotDurable(), "without register run", Mild },
        { "epoch unchecked", new Defects.EpochUnchecked(), "", Mild with { Faults = 2, Cancel = true, CoordinatorFaults = true } },
        { "resume without proof", new Defects.ResumeWithoutProof(), "two copies", Mild },
        { "cont on inmigrate", new Defects.ContOnInmigrate(), "without register run", Mild },
        { "empty taken as proof", new Defects.EmptyTakenAsProof(), "two copies", Mild },
        { "released before it is durable", new Defects.ReleasedBeforeItIsDurable(), "two copies", Mild with { Faults = 2, DelayedMessages = true } },
        { "grant on observation", new Defects.GrantOnObservation(), "two copies", Mild },
        { "no tombstone", new Defects.NoTombstone(), "goes on after", Mild with { Cancel = true, DelayedMessages = true } },
        { "reply before persist", new Defects.ReplyBeforePersist(), "goes on after", Mild with { Faults = 2, Cancel = true, DelayedMessages = true } },
        { "epoch on agent messages", new Defects.EpochOnAgentMessages(), "no good end", Mild with { CoordinatorFaults = true, Liveness = true } },
        { "destination refuses by timer", new Defects.DestinationRefusesByTimer(), "a loaded copy is refused", Mild },
        { "gate refuses alone", new Defects.GateRefusesAlone(), "a loaded copy is refused", Mild },
        { "cancel sent to the destination", new Defects.CancelSentToDestination(), "a loaded copy is refused", Mild with { Cancel = true } },
        { "fence of both needed", new Defects.FenceOfBothNeeded(), "no good end", Mild with { HostLoss = true, Liveness = true } },
        { "terminal result on old evidence", new Defects.OldEvidence(), "goes on after", Mild with { Cancel = true, DelayedMessages = true } },
        { "failed but stopped taken as running", new Defects.FailedButStoppedTakenAsRunning(), "no good end", Mild with { Faults = 2, Liveness = true } },
        { "third-party cont", new ProtocolRules(), "two copies", Mild with { ThirdPartyCont = true } },
        { "cont before the gate", new Defects.ContBeforeTheGate(), "without register run", Mild },
        { "gate judged open whatever it finds", new Defects.GateAlwaysOpen(), "with other rings", Mild },
        { "abandon without a fresh look", new Defects.AbandonWithoutAFreshLook(), "a loaded copy is refused", Mild with { QemuDeath = true } },
        { "abandon refuses a copy that has loaded", new Defects.AbandonRefusesALoadedCopy(), "a loaded copy is refused", Mild with { QemuDeath = true } },
        { "nobody abandons", new Defects.NobodyAbandons(), "no good end", Mild with { QemuDeath = true, Liveness = true } },
        { "word against the evidence", new Defects.WordAgainstTheEvidence(), "two copies", Mild with { Person = true } },
        { "wiped register taken as empty", new Defects.RegisterWipedTakenAsEmpty(), "two copies", Mild with { StateWipe = true } },
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
