using Akka.Actor;
using Akka.TestKit;
using Coordinator.Actors.Admission;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>An entity in the line: a probe is its node's desk.</summary>
public sealed class MigrationQueueTests : MigrationKit
{
    private readonly TestProbe _desk;

    public MigrationQueueTests()
    {
        _desk = CreateTestProbe();
        Admission = _desk;
    }

    [Fact]
    public async Task Migration_WaitsUntilItIsGivenASlot_AndSaysWhatFor()
    {
        await StartVm();
        VmAnswer accepted = await Insist(new QueueMigration(FakeWorld.Vm, "move-1", "host-b", Policy, "system", QueueDeadlineMs: null));
        SlotEntry wish = (await Shown(holds: false)).Entry;

        Assert.Equal(("host-a", "host-b", "system", 0, 1L << 30), (wish.Source, wish.Destination, wish.Priority, wish.Attempt, wish.BandwidthBytesPerSec));
        Assert.Equal(accepted.MigrationId, wish.Migration.ToString());
        Assert.Equal(("Scheduling", "waits for its turn", 0), Shape(await Migration()));
        _desk.LastSender.Tell(new SlotDelayed(wish.Migration, "waits: host-a sends 2 guests at a time"));
        await Eventually(async () => (await Migration()).Reason == "waits: host-a sends 2 guests at a time", "the sentence is shown");
        _desk.LastSender.Tell(new SlotGiven(wish.Migration, 0));

        await Shown(holds: true);
        await LeftTheLine();
        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }

    [Fact]
    public async Task SlotOfAnotherMigrationOrAttempt_OpensNothing()
    {
        await StartVm();
        await Migrate();
        SlotEntry wish = (await Shown(holds: false)).Entry;
        IActorRef entity = _desk.LastSender;

        entity.Tell(new SlotGiven(Guid.NewGuid(), 0));
        entity.Tell(new SlotGiven(wish.Migration, 1));
        Assert.Equal(("Scheduling", "waits for its turn", 0), Shape(await Migration()));

        entity.Tell(new SlotGiven(wish.Migration, 0));
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task Cancel_WhileItWaits_LeavesTheLine()
    {
        await StartVm();
        await Migrate();
        await Shown(holds: false);

        await Cancel();

        await LeftTheLine();
        Assert.Equal("Cancelled", (await Terminal()).Phase);
        Assert.DoesNotContain("AttemptOpened", EventNames);
    }

    [Fact]
    public async Task RestartedEntity_AsksAgain()
    {
        await StartVm();
        await Migrate();
        await Shown(holds: false);

        Region.Tell(new FakeRegion.KillEntity(), ActorRefs.NoSender);

        SlotEntry again = (await Shown(holds: false)).Entry;
        _desk.LastSender.Tell(new SlotGiven(again.Migration, 0));
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task WhileItsDestinationIsCordoned_ItDoesNotStandInTheLine_AndSaysWhy()
    {
        await StartVm();
        await Migrate();
        await Shown(holds: false);

        Cordon("host-b");

        await LeftTheLine();
        await Eventually(
            async () => (await Migration()).Reason
                == "waits: host host-b is cordoned by ann since 1970-01-01 00:00:00 UTC: new memory; 'coordctl host uncordon host-b' lets it go on, 'coordctl cancel web-1' ends it",
            "it says why it waits");
        Cordon(null);
        SlotEntry again = (await Shown(holds: false)).Entry;
        _desk.LastSender.Tell(new SlotGiven(again.Migration, 0));
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task CordonOfAnotherHost_ChangesNothing()
    {
        await StartVm();
        Cordon("host-a");
        await Migrate();
        SlotEntry wish = (await Shown(holds: false)).Entry;
        _desk.LastSender.Tell(new SlotGiven(wish.Migration, 0));

        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task WhileHeld_ItDoesNotStandInTheLine()
    {
        await StartVm();
        await Migrate();
        await Shown(holds: false);

        Hold(true);
        await LeftTheLine();
        Hold(false);

        SlotEntry again = (await Shown(holds: false)).Entry;
        _desk.LastSender.Tell(new SlotGiven(again.Migration, 0));
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task SecondAttempt_BacksOff_SaysWhy_AndNeedsASlotOfItsOwn()
    {
        BackOff = TimeSpan.FromSeconds(1);
        World.Rings.LoadIsWrong = true;
        await StartVm();
        await Migrate(policy: Policy with { MaxAttempts = 2 });
        SlotEntry wish = (await Shown(holds: false)).Entry;
        _desk.LastSender.Tell(new SlotGiven(wish.Migration, 0));
        await Shown(holds: true);
        await LeftTheLine();
        World.Rings.LoadIsWrong = false;
        Assert.StartsWith("waits before attempt 2 of 2, which is not tried for 1 s after the last one: ", (await Migration()).Reason, StringComparison.Ordinal);

        SlotEntry second = (await Shown(holds: false)).Entry;
        Assert.Equal(1, second.Attempt);
        Assert.Equal(1, (await Migration()).Attempt);
        _desk.LastSender.Tell(new SlotGiven(second.Migration, 1));

        Assert.Equal(("Succeeded", 2), ((await Terminal()).Phase, (await Migration()).Attempt));
        await AssertSound();
    }

    private static (string Phase, string Reason, int Attempt) Shape(Api.Migration m) => (m.Phase, m.Reason, m.Attempt);

    private async Task<ShowSlot> Shown(bool holds) => (ShowSlot)await _desk.FishForMessageAsync(m => m is ShowSlot show && show.Entry.Holds == holds, TimeSpan.FromSeconds(15));

    private async Task LeftTheLine() => await _desk.FishForMessageAsync(m => m is LeaveSlot, TimeSpan.FromSeconds(15));
}
