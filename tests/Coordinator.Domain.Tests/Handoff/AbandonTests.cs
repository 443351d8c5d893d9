using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Handoff;

/// <summary>A destination whose source is dead: only one to which no stream has come is refused, and only after a look that is younger than the order.</summary>
public sealed class AbandonTests
{
    private static readonly AttemptNo s_attempt = new(3);
    private static readonly LaunchId s_launch = new(Guid.NewGuid());

    [Theory]
    [InlineData(MigrationStatus.None)]
    [InlineData(MigrationStatus.Setup)]
    public void Listening_IsRefusedByTheNextLook(MigrationStatus status)
    {
        DestinationHandoff noted = After(Of(RunState.InMigrate, status), new DestinationInput.Abandon(s_attempt));
        Assert.Equal(DestinationStage.NotObserved, noted.Stage);
        Assert.Equal([new DestinationEffect.Observe()], DestinationDecisions.Effects(noted));

        DestinationHandoff refused = After(noted, new DestinationInput.Observed(View(RunState.InMigrate, status)));

        Assert.Equal((RegisterValue.Refused, DestinationStage.Refusing), (refused.Records.Register, refused.Stage));
        Assert.Equal(ReplyKind.Accepted, Reply(refused).Kind);
    }

    [Theory]
    [InlineData(RunState.InMigrate, MigrationStatus.Active, DestinationStage.Receiving)]
    [InlineData(RunState.Paused, MigrationStatus.Completed, DestinationStage.Loaded)]
    public void StreamThatCameMeanwhile_IsLeftToItsOwnEnd(RunState run, MigrationStatus status, DestinationStage stage)
    {
        DestinationHandoff noted = After(Of(RunState.InMigrate, MigrationStatus.Setup), new DestinationInput.Abandon(s_attempt));

        DestinationHandoff seen = After(noted, new DestinationInput.Observed(View(run, status)));

        Assert.Equal((RegisterValue.Empty, stage), (seen.Records.Register, seen.Stage));
        Assert.Equal(ReplyKind.NotYet, Reply(seen).Kind);
    }

    /// <summary>NotYet is not kept in the step log, so that the order is asked again of a life that has forgotten it.</summary>
    [Fact]
    public void Order_IsAnsweredOnlyWhenItIsDecided()
    {
        DestinationHandoff listening = Of(RunState.InMigrate, MigrationStatus.Setup);
        Assert.Equal(ReplyKind.NotYet, Reply(listening).Kind);
        Assert.Equal(ReplyKind.NotYet, Reply(After(listening, new DestinationInput.Abandon(s_attempt))).Kind);
        Assert.Empty(DestinationDecisions.Decide(After(listening, new DestinationInput.Abandon(s_attempt)), new DestinationInput.Abandon(s_attempt)).Events);
        Assert.Equal(ReplyKind.Accepted, Reply(DestinationHandoff.Initial).Kind);
    }

    [Fact]
    public void ListeningAgain_WithoutAnOrder_IsKept() =>
        Assert.Equal(RegisterValue.Empty, After(Of(RunState.InMigrate, MigrationStatus.Active), new DestinationInput.Observed(View(RunState.InMigrate, MigrationStatus.Setup))).Records.Register);

    private static CommandReply Reply(DestinationHandoff state) => DestinationDecisions.Decide(state, new DestinationInput.Abandon(s_attempt)).Reply.Command!.Value;

    private static DestinationHandoff After(DestinationHandoff state, DestinationInput input) =>
        DestinationDecisions.Decide(state, input).Events.Aggregate(state, DestinationDecisions.Apply);

    private static QemuView View(RunState run, MigrationStatus status) => new(s_launch, Alive: true, run, status);

    private static DestinationHandoff Of(RunState run, MigrationStatus status) => new()
    {
        Records = new DestinationRecords { Attempt = s_attempt, Launch = s_launch, RefusedUpTo = new AttemptNo(2) },
        View = View(run, status),
        PreparedInThisLife = true,
        Launched = true,
    };
}
