using Coordinator.Actors.HostFencing;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>Whom the fencing hook is asked about, and whom never: it powers hosts off.</summary>
public sealed class MigrationFencingTests : DoubtKit
{
    private static readonly FencingAnswer s_off = new(IsOff: true, "port 7 is dead");

    [Fact]
    public async Task OneSilentHost_IsProvenOffWithoutAPerson()
    {
        (Hook.Answers, Hook.After) = (s_off, TimeSpan.FromMilliseconds(100));

        await DoubtWithout(World.B);

        await Eventually(async () => (await Migration()).Doubt.HostsOff.Contains("host-b"), "the hook has proven it");
        Assert.Equal(["host-b"], Hook.Asked);
        Assert.Contains((await Migration()).Timeline, t => t.Event == "HostProvenOff"
            && t.Detail == "host-b, by the word of the fencing hook: asked by no person (coordinator.fencing.automatic); port 7 is dead");
    }

    [Fact]
    public async Task BothHostsSilent_NoneIsSwitchedOffWithoutAPerson_UntilOneIsBack()
    {
        (Hook.Answers, Hook.After) = (s_off, TimeSpan.FromMilliseconds(100));
        await Completed();
        World.A.Unreachable = World.B.Unreachable = true;
        await Phase(MigrationPhase.InDoubt);

        await Looked();
        Assert.Empty(Hook.Asked);

        World.Change(w => w.A.Unreachable = false);
        await Eventually(async () => (await Migration()).Doubt.HostsOff.Count > 0, "the one that is still silent is proven off");
        Assert.Equal(["host-b"], Hook.Asked);
    }

    [Fact]
    public async Task OtherHostProvenOff_TheHostWithTheLastCopyIsNeverSwitchedOffWithoutAPerson()
    {
        (Hook.Answers, Hook.After) = (s_off, TimeSpan.FromMilliseconds(100));
        await Completed();
        World.SwitchOff(World.B);
        await Off("host-b");
        await Phase(MigrationPhase.InDoubt);

        // The agent of the other one is stopped, for an upgrade say.
        World.A.Unreachable = true;
        await Looked();
        World.B.Unreachable = false;
        await Looked();

        Assert.Empty(Hook.Asked);
    }

    [Fact]
    public async Task SecondHostOfAnAttempt_IsNotSwitchedOffWithoutAPerson()
    {
        Hook.After = TimeSpan.FromMilliseconds(100);
        await DoubtWithout(World.B);
        await Eventually(() => Task.FromResult(!Hook.Asked.IsEmpty), "the hook was asked, and has proven nothing");

        World.A.Unreachable = true;
        World.B.Unreachable = false;
        await Looked();

        Assert.DoesNotContain("host-a", Hook.Asked);
    }

    [Fact]
    public async Task HostWhoseEndWouldDecideNothing_IsNotSwitchedOffWithoutAPerson()
    {
        (Hook.Answers, Hook.After) = (s_off, TimeSpan.FromMilliseconds(100));
        await StartVm();
        World.HoldsContinue = true;
        await Migrate();
        await Eventually(() => Task.FromResult(World.B.Destination.Stage == Domain.Handoff.DestinationStage.Granted), "the register says run");
        World.Change(w => w.B.Restart());
        World.KillDestination();
        await Phase(MigrationPhase.InDoubt);

        // Both choices are open already: its word has come.
        World.B.Unreachable = true;
        await Looked();

        Assert.Empty(Hook.Asked);
    }

    [Fact]
    public async Task ConnectedHost_IsNotSwitchedOffByMistake()
    {
        Hook.Answers = s_off;
        await StartVm();
        World.Held.Add(Domain.QemuModel.QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        Refused(await AskHook("host-a"), "the agent of host-a is connected, so the host is not off, and the fencing hook was not asked; if it is to be powered off nevertheless, with every guest on it, insist with --power-off");

        Assert.Empty(Hook.Asked);
        World.Release();
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task ConnectedHost_IsSwitchedOffForWhoInsists_AndTheJournalNamesThem()
    {
        Hook.Answers = s_off;
        await Completed();
        Hook.Acts = () => World.SwitchOff(World.B);

        Assert.Equal(AnswerKind.Accepted, (await AskHook("host-b", powerOff: true)).Kind);

        Assert.Contains((await Migration()).Timeline, t => t.Event == "HostProvenOff"
            && t.Detail == "host-b, by the word of the fencing hook: asked by ann to power it off though its agent was connected; port 7 is dead");
    }

    [Fact]
    public async Task ProofWithAnOrderToPowerOff_IsRefused()
    {
        await Completed();

        VmAnswer odd = await Insist(new ProveHostOff(FakeWorld.Vm, "fence-1", 1, "host-b", "ann", "the rack has no power", PowerOff: true));

        Assert.Equal(AnswerKind.InvalidArgument, odd.Kind);
        Assert.Empty(Hook.Asked);
    }

    [Fact]
    public async Task HookThatProvesNothing_IsToldWithItsWords_AndNotRunAgainForARepetition()
    {
        await Completed();
        World.SwitchOff(World.B);

        Refused(await AskHook("host-b"), "host-b could not be proven off: port 7 answers");
        Refused(await AskHook("host-b"), "host-b could not be proven off: port 7 answers");
        Assert.Equal(["host-b"], Hook.Asked);
        Assert.DoesNotContain("HostProvenOff", EventNames);

        // Another request is another try.
        Hook.Answers = s_off;
        Assert.Equal(AnswerKind.Accepted, (await AskHook("host-b", request: "fence-2")).Kind);
        Assert.Contains((await Migration()).Timeline, t => t.Detail == "host-b, by the word of the fencing hook: asked by ann; port 7 is dead");
    }

    [Fact]
    public async Task TalkativeHook_IsShortenedToWhatTheJournalTakes()
    {
        Hook.Answers = new FencingAnswer(IsOff: true, new string('x', 5_000) + "\u0007");
        await Completed();
        World.SwitchOff(World.B);

        Assert.Equal(AnswerKind.Accepted, (await AskHook("host-b")).Kind);

        Api.TimelineEntry proven = Assert.Single((await Migration()).Timeline, t => t.Event == "HostProvenOff");
        Assert.EndsWith("xxx", proven.Detail, StringComparison.Ordinal);
    }

    /// <summary>Often and long enough for a host that was silent all the while to be asked about.</summary>
    private async Task Looked()
    {
        int before = Hook.Looks;
        long start = TimeProvider.System.GetTimestamp();
        await Eventually(
            () => Task.FromResult(Hook.Looks >= before + 3 && TimeProvider.System.GetElapsedTime(start) > 3 * Hook.After!.Value), "the entity looks again and again");
    }
}
