using Akka.Actor;
using Coordinator.Actors.Fleet;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>The entity's line in the fleet's list.</summary>
public sealed class MigrationFleetTests : MigrationKit
{
    private readonly FleetBoard _board = new(TimeProvider.System);

    [Fact]
    public async Task Line_FollowsTheMigrationToItsEnd()
    {
        ShowOnBoard();
        await StartVm();
        await Becomes(l => l is { Residence: "Resident", Host: "host-a", Phase: "" }, "it resides");
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Becomes(l => l is { Phase: "Iterating", SourceHost: "host-a", DestinationHost: "host-b", Attempt: 1, Terminal: false, RequestedAtUnixMs: > 0, PhaseSinceUnixMs: > 0 }, "it iterates");

        World.Release();
        await Terminal();

        await Becomes(l => l is { Phase: "Succeeded", Verdict: "Verified", Host: "host-b", Terminal: true, EndedAtUnixMs: > 0 }, "it has ended");
        Assert.Equal((await Migration()).Version >> 20, Line!.Version >> 20);
    }

    [Fact]
    public async Task Waiting_IsShownThoughNothingIsJournalled()
    {
        ShowOnBoard();
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);
        long sequence = Line!.Version >> 20;

        World.A.Unreachable = true;
        World.B.Unreachable = true;

        await Becomes(l => l.Reason.Contains("host-a", StringComparison.Ordinal), "it says whom it waits for");
        Assert.InRange(Line!.Version >> 20, sequence, sequence + 3);
    }

    [Fact]
    public async Task NextLife_ShowsItselfWithoutBeingAsked()
    {
        ShowOnBoard();
        await StartVm();
        VmSummary before = Line!;
        bool hasLeft = false;
        Lead(m => hasLeft |= m is VmLeft);
        Region.Tell(new FakeRegion.KillEntity());
        await Eventually(() => Task.FromResult(hasLeft), "the first life has left");

        ShowOnBoard();
        await Insist(new GetVm(FakeWorld.Vm, ""));

        await Eventually(() => Task.FromResult(Line is { Residence: "Resident" } && Line.Version >> 20 >= before.Version >> 20), "the next one is on the board");
    }

    private VmSummary? Line => _board.Picture().Vms.SingleOrDefault();

    private void ShowOnBoard() => Lead(m =>
    {
        if (m is VmShown shown)
        {
            _board.Show(shown.Summary);
        }
    });

    private void Lead(Action<object> take) => Fleet.LeadTo(Sys.ActorOf(Props.Create(typeof(Outlet), take)));

    private Task Becomes(Func<VmSummary, bool> condition, string what) => Eventually(() => Task.FromResult(Line is { } line && condition(line)), () => $"{what}; it is {Line}");

    private sealed class Outlet(Action<object> take) : UntypedActor
    {
        protected override void OnReceive(object message) => take(message);
    }
}
