using Xunit.Abstractions;

namespace Coordinator.Search.Promela;

/// <summary>
/// The handoff exists twice: as production code with its model of QEMU, and as <c>handoff.pml</c>, written from the rules. Each is searched by a program of its own (this project; spin), and whatever
/// may be the end of a migration, with how few faults, must be the same in both.
/// </summary>
public sealed class PromelaTwinTests(SpinModels models, ITestOutputHelper output) : IClassFixture<SpinModels>
{
    private static readonly SearchOptions s_oneAttempt = new()
    {
        EagerRecording = true,
        Liveness = false,
        CoordinatorFaults = false,
        DelayedMessages = false,
        HostLoss = false,
        StateWipe = false,
    };

    /// <summary>
    /// Transitions that lead only to ends which others lead to as well, with no more faults. They stay in the model because QEMU and the protocol have them.
    /// </summary>
    private static readonly Dictionary<string, string> s_onlyOtherWays = new()
    {
        ["connection_refused"] = "a destination that does not listen has been killed, and a source in setup that fails ends as a stream that broke while copying does",
        ["copy_fails"] = "a stream found broken while copying is found broken after the pause too",
        ["cancels_attempt"] = "a running attempt ends by its deadline too",
        ["copy_cancelled"] = "the same copy may be cancelled in pre-switchover",
        ["setup_cancelled"] = "the same attempt may be cancelled in pre-switchover",
        ["connection_cancelled"] = "the same attempt may be cancelled in pre-switchover",
        ["switchover_cancelled_late"] = "it takes two kinds of faults to tell it from a yanked stream, which these two bounds do not have together",
        ["yank_loses_word"] = "a stream that is not yanked goes on or breaks by itself",
        ["yank_in_vain"] = "a yank of nothing changes nothing",
        ["refuse_noted"] = "the gate of a copy whose QEMU does not hang is judged some time, and hanging is in neither model",
        ["gate_closes"] = "a source that gets no answer asks for refusal at its deadline, and the second time it is granted",
        ["prepare_rejected"] = "the report that the prepared QEMU has ended says the same",
        ["doubts_evidence"] = "the deadline raises the same doubt",
    };

    public static TheoryData<string, SearchOptions> Bounds() => new()
    {
        { nameof(SpinModels.EachFault), s_oneAttempt with { Faults = 1, RemembersFaults = true } },
        {
            nameof(SpinModels.NetworkPairs),
            s_oneAttempt with { Faults = 2, RemembersFaults = true, QemuDeath = false, AgentCrashes = false, QemuFaults = false, ContFails = false }
        },
        { nameof(SpinModels.AllPairs), s_oneAttempt with { Faults = 2, Cancel = false } },
    };

    public static TheoryData<string, string> Defects() => new()
    {
        { "release_in_device", "two copies" },
        { "resume_without_proof", "two copies" },
        { "cont_before_the_gate", "runs without register run" },
        { "cont_on_inmigrate", "runs without register run" },
        { "register_not_durable", "runs without register run" },
        { "refuses_by_timer", "a loaded copy is refused" },
        { "gate_refuses_alone", "a loaded copy is refused" },
    };

    [Theory]
    [MemberData(nameof(Bounds), DisableDiscoveryEnumeration = true)]
    public void Twin_SameBounds_SameOutcomesAsTheSearch(string bounds, SearchOptions options)
    {
        SpinResult twin = models.Named(bounds).Check();
        SearchResult search = Explorer.Run(new ProtocolRules(), options);
        output.WriteLine($"{bounds}: spin {twin.Figures}; search {search}");

        Assert.Empty(twin.Errors);
        Assert.Null(search.Violation);
        Assert.True(search.Complete, search.ToString());
        Assert.NotEmpty(twin.Outcomes);
        string difference = OutcomeDifference.Describe("the Promela model", twin.Outcomes, "the search of the production code", search.Outcomes);
        output.WriteLine(difference);
        Assert.True(difference.Length == 0, difference);
    }

    [Theory]
    [MemberData(nameof(Defects))]
    public void Twin_PlantedDefect_IsFoundBySpin(string defect, string why)
    {
        SpinResult result = models.Named(nameof(SpinModels.EachFault)).Check(planted: defect);
        output.WriteLine($"{defect}: {string.Join("; ", result.Errors)}");
        Assert.Contains(result.Errors, e => e.Contains(why, StringComparison.Ordinal));
    }

    /// <summary>The comparison must be able to fail: a model that lacks any one transition breaks an assertion or has other outcomes, except for those named above.</summary>
    [Fact]
    public void Twin_AnyTransitionDropped_IsNoticed()
    {
        SpinModel[] bounds = [models.Named(nameof(SpinModels.EachFault)), models.Named(nameof(SpinModels.NetworkPairs))];
        SpinResult[] whole = bounds.Select(m => m.Check()).ToArray();

        List<string> unnoticed = [];
        foreach (string transition in SpinModel.Transitions())
        {
            if (!bounds.Zip(whole).Any(m => Notices(m.First.Check(transition), m.Second)))
            {
                unnoticed.Add(transition);
            }
        }

        output.WriteLine($"{SpinModel.Transitions().Count} transitions, unnoticed: {string.Join(", ", unnoticed)}");
        Assert.Equal(s_onlyOtherWays.Keys.Order(StringComparer.Ordinal), unnoticed.Order(StringComparer.Ordinal));
    }

    private static bool Notices(SpinResult lacking, SpinResult whole) =>
        lacking.Errors.Count > 0 || OutcomeDifference.Describe("lacking", lacking.Outcomes, "whole", whole.Outcomes).Length > 0;
}
