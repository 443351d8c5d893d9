using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Handoff;

public sealed class FormerDestinationTests
{
    private static readonly LaunchId s_launch = new(Guid.NewGuid());

    /// <summary>Only a look tells a new life of the agent whether the guest that once came is still there, and without one no attempt is ever taken again.</summary>
    [Fact]
    public void RunningSinceAnEarlierLife_IsLookedAtOnce_AndTakesTheNextAttemptWhenItIsGone()
    {
        DestinationHandoff reborn = new DestinationHandoff
        {
            Records = new DestinationRecords { Attempt = new AttemptNo(3), Launch = s_launch, Register = RegisterValue.Run, Running = new AttemptNo(3), Runs = [new AttemptNo(3)] },
        }.AfterRestart();
        Assert.Equal(DestinationStage.Running, reborn.Stage);
        Assert.Equal([new DestinationEffect.Observe()], DestinationDecisions.Effects(reborn));
        DestinationInput next = new DestinationInput.Prepare(new AttemptNo(4), new LaunchId(Guid.NewGuid()));
        Assert.Equal(ReplyKind.NotYet, DestinationDecisions.Decide(reborn, next).Reply.Command!.Value.Kind);

        DestinationHandoff lives = Seen(reborn, new QemuView(s_launch, Alive: true, RunState.Running, MigrationStatus.Completed));
        Assert.Empty(DestinationDecisions.Effects(lives));
        CommandReply rejected = DestinationDecisions.Decide(lives, next).Reply.Command!.Value;
        Assert.Equal((ReplyKind.Rejected, "this host still has the QEMU of attempt 3"), (rejected.Kind, rejected.Reason));

        Assert.Equal(ReplyKind.Accepted, DestinationDecisions.Decide(Seen(reborn, QemuView.Gone(s_launch)), next).Reply.Command!.Value.Kind);
    }

    private static DestinationHandoff Seen(DestinationHandoff state, QemuView view) =>
        DestinationDecisions.Decide(state, new DestinationInput.Observed(view)).Events.Aggregate(state, DestinationDecisions.Apply);
}
