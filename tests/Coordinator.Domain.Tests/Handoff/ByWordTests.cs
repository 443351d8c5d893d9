using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Handoff;

/// <summary>What agents make of a person's recorded word, and of a guest that came to its own end, beyond what the exhaustive search walks through.</summary>
public sealed class ByWordTests
{
    private static readonly AttemptNo s_attempt = new(3);
    private static readonly LaunchId s_launch = new(Guid.NewGuid());
    private static readonly LaunchId s_other = new(Guid.NewGuid());

    [Theory]
    [InlineData(SourceStage.HandedOver, ReplyKind.Accepted)]
    [InlineData(SourceStage.Stranded, ReplyKind.Accepted)]
    [InlineData(SourceStage.NotObserved, ReplyKind.NotYet)]
    [InlineData(SourceStage.Copying, ReplyKind.Rejected)]
    [InlineData(SourceStage.Switching, ReplyKind.Rejected)]
    [InlineData(SourceStage.Gone, ReplyKind.Rejected)]
    [InlineData(SourceStage.Home, ReplyKind.Rejected)]
    public void KeepByWord_IsTakenOnlyByACopyThatStandsStillWithoutAnAnswer(SourceStage stage, ReplyKind kind)
    {
        SourceHandoff source = Source(stage);
        Assert.Equal(stage, source.Stage);

        CommandReply reply = SourceDecisions.Decide(source, new SourceInput.KeepByWord(s_attempt, s_launch)).Reply;

        Assert.Equal(kind, reply.Kind);
        Assert.Equal(kind == ReplyKind.Rejected, reply.Reason.StartsWith("no longer possible: ", StringComparison.Ordinal));
    }

    [Fact]
    public void KeepByWord_AfterTheRegisterAnsweredRunning_IsNoLongerPossible()
    {
        SourceHandoff source = Source(SourceStage.HandedOver) with { Answer = RegisterAnswer.Running };

        Assert.Equal(ReplyKind.Rejected, SourceDecisions.Decide(source, new SourceInput.KeepByWord(s_attempt, s_launch)).Reply.Kind);
    }

    [Fact]
    public void KeptByWord_IsContinuedAndHearsNoLateAnswer()
    {
        SourceHandoff source = After(Source(SourceStage.HandedOver), new SourceInput.KeepByWord(s_attempt, s_launch));

        Assert.Equal([new SourceEffect.ContinueGuest(s_launch)], SourceDecisions.Effects(source));
        Assert.Empty(SourceDecisions.Decide(source, new SourceInput.RegisterAnswered(new RegisterReply(s_attempt, RegisterAnswer.Run))).Events);
        Assert.Equal(ReplyKind.Rejected, SourceDecisions.Decide(source, new SourceInput.Overrule(s_attempt, s_launch)).Reply.Kind);
    }

    [Theory]
    [InlineData(SourceStage.HandedOver, ReplyKind.Accepted)]
    [InlineData(SourceStage.Gone, ReplyKind.Accepted)]
    [InlineData(SourceStage.Stranded, ReplyKind.Rejected)]
    [InlineData(SourceStage.Home, ReplyKind.Rejected)]
    [InlineData(SourceStage.NotObserved, ReplyKind.NotYet)]
    public void GiveUp_IsTakenOnlyByACopyThatCannotRunAgainByItself(SourceStage stage, ReplyKind kind) =>
        Assert.Equal(kind, SourceDecisions.Decide(Source(stage), new SourceInput.GiveUp(s_attempt, s_launch)).Reply.Kind);

    [Fact]
    public void Overrule_EndsASourceThatRuns_AndOnlyTheLaunchThatIsMeant()
    {
        SourceHandoff home = Source(SourceStage.Home);

        Assert.Equal(ReplyKind.Rejected, SourceDecisions.Decide(home, new SourceInput.Overrule(s_attempt, s_other)).Reply.Kind);
        Assert.Equal([new SourceEffect.EndQemu(s_launch)], SourceDecisions.Effects(After(home, new SourceInput.Overrule(s_attempt, s_launch))));
    }

    [Theory]
    [InlineData(RunState.Paused, true)]
    [InlineData(RunState.PreLaunch, false)]
    [InlineData(RunState.Shutdown, false)]
    public void RunByWord_ContinuesTheCopyUnlessItsGuestStoodStillByItself(RunState run, bool continues)
    {
        DestinationHandoff loaded = Loaded(run);

        DestinationHandoff granted = After(loaded, new DestinationInput.RunByWord(s_attempt, s_launch));

        Assert.Equal(RegisterValue.Run, granted.Records.Register);
        Assert.Equal(continues ? DestinationStage.Granted : DestinationStage.Running, granted.Stage);
        Assert.Equal(continues ? [new DestinationEffect.ContinueGuest(s_attempt)] : [], DestinationDecisions.Effects(granted));
    }

    /// <summary>The register's file said run and the store took nothing of it (a full disk, a crash): the file is all that the agent knows then.</summary>
    [Theory]
    [InlineData(RunState.Paused)]
    [InlineData(RunState.PreLaunch)]
    [InlineData(RunState.Shutdown)]
    public void CopyGrantedAsItStands_SeenLoaded_IsRecordedAsBeingHere(RunState run)
    {
        DestinationHandoff granted = new() { Records = Loaded(run).Records with { Register = RegisterValue.Run, Runs = [s_attempt], GuestWasRunning = false } };

        DestinationHandoff seen = After(granted, new DestinationInput.Observed(new QemuView(s_launch, Alive: true, run, MigrationStatus.Completed)));

        Assert.Equal((DestinationStage.Running, s_attempt), (seen.Stage, seen.Records.Running));
        Assert.Empty(DestinationDecisions.Effects(seen));

        // Once: what is recorded is not recorded with each look, and a copy that a person's word has given up is not taken up again.
        DestinationInput again = new DestinationInput.Observed(new QemuView(s_launch, Alive: true, run, MigrationStatus.Completed));
        Assert.DoesNotContain(DestinationDecisions.Decide(seen, again).Events, e => e is DestinationEvent.RunningRecorded);
        DestinationHandoff overruled = granted with { Records = granted.Records with { Overruled = s_attempt } };
        Assert.DoesNotContain(DestinationDecisions.Decide(overruled, again).Events, e => e is DestinationEvent.RunningRecorded);
    }

    [Fact]
    public void Start_WhoseQemuIsGone_SaysSo()
    {
        CommandReply reply = SourceDecisions.Decide(Source(SourceStage.Gone), new SourceInput.Start(new AttemptNo(4), new StoreInstanceId(Guid.NewGuid()))).Reply;

        Assert.Equal((ReplyKind.Rejected, "the source QEMU is gone"), (reply.Kind, reply.Reason));
    }

    [Fact]
    public void RunByWord_OfACopyWhoseRingsDiffer_IsNoLongerPossible()
    {
        DestinationHandoff closed = Loaded(RunState.Paused) with { Gate = GateState.Closed };

        CommandReply reply = DestinationDecisions.Decide(closed, new DestinationInput.RunByWord(s_attempt, s_launch)).Reply.Command!.Value;

        Assert.Equal(ReplyKind.Rejected, reply.Kind);
        Assert.Contains("the parity gate found this copy's rings to differ", reply.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Overrule_EndsACopyThatTheRegisterLetRun_AndTheRegisterKeepsWhatItDecided()
    {
        DestinationHandoff running = After(
            Loaded(RunState.Paused), new DestinationInput.RunByWord(s_attempt, s_launch), new DestinationInput.Observed(new QemuView(s_launch, Alive: true, RunState.Running, MigrationStatus.Completed)));
        Assert.Equal(DestinationStage.Running, running.Stage);

        DestinationHandoff overruled = After(running, new DestinationInput.Overrule(s_attempt, s_launch));

        Assert.Equal([new DestinationEffect.EndQemu(s_launch)], DestinationDecisions.Effects(overruled));
        Assert.Equal(RegisterValue.Run, overruled.Records.Register);
        Assert.Equal(DestinationStage.Refused, After(overruled, new DestinationInput.Observed(QemuView.Gone(s_launch))).Stage);
    }

    /// <summary>A gate that cannot be judged, because the copy's QEMU hangs, must not keep the guest standing still for ever.</summary>
    [Fact]
    public void RefusalOfACopyThatIsAboutToRun_IsGrantedWhenItIsAskedForAgain()
    {
        StoreInstanceId store = new(Guid.NewGuid());
        DestinationHandoff released = Loaded(RunState.Paused) with { ReleasedNoted = true, ReleasedGuestWasRunning = true };
        DestinationInput refuse = new DestinationInput.FromSource(new SourceMessage.Refuse(s_attempt, store), store);

        DestinationHandoff once = After(released, refuse);
        DestinationHandoff twice = After(once, refuse);

        Assert.Equal((RegisterValue.Empty, RegisterValue.Refused), (once.Records.Register, twice.Records.Register));
        Assert.Equal([new DestinationEffect.JudgeGate(s_attempt)], DestinationDecisions.Effects(once));
        Assert.Equal([new DestinationEffect.EndQemu(s_launch)], DestinationDecisions.Effects(twice));
    }

    [Fact]
    public void GuestThatShutItselfDown_EndsItsCopyingAndIsNotStranded()
    {
        SourceHandoff copying = After(Source(SourceStage.Copying), new SourceInput.Observed(new QemuView(s_launch, Alive: true, RunState.Shutdown, MigrationStatus.Active)));
        Assert.Equal([new SourceEffect.CancelMigrate(s_attempt)], SourceDecisions.Effects(copying));

        SourceHandoff over = After(copying, new SourceInput.Observed(new QemuView(s_launch, Alive: true, RunState.Shutdown, MigrationStatus.Cancelled)));

        Assert.Equal(SourceStage.Home, over.Stage);
        Assert.Empty(SourceDecisions.Effects(over));
    }

    [Fact]
    public void GuestThatShutItselfDownJustBeforeTheSwitchover_IsOwnedByTheDestinationAsItIs()
    {
        DestinationHandoff loaded = Loaded(RunState.Shutdown) with { ReleasedNoted = true, ReleasedGuestWasRunning = true };

        DestinationHandoff owned = After(loaded, new DestinationInput.GateJudged(s_attempt, IsOpen: true));

        Assert.Equal(DestinationStage.Running, owned.Stage);
        Assert.Empty(DestinationDecisions.Effects(owned));
    }

    private static SourceHandoff Source(SourceStage stage)
    {
        SourceHandoff started = new()
        {
            Records = new SourceRecords { Started = s_attempt, Launch = s_launch, Completed = stage == SourceStage.HandedOver ? s_attempt : AttemptNo.None },
            Issued = s_attempt,
        };
        return stage switch
        {
            SourceStage.NotObserved => started,
            SourceStage.Gone => started with { View = QemuView.Gone(s_launch) },
            SourceStage.HandedOver => started with { View = Seen(RunState.PostMigrate, MigrationStatus.Completed) },
            SourceStage.Stranded => started with { View = Seen(RunState.FinishMigrate, MigrationStatus.Failed) },
            SourceStage.Switching => started with { View = Seen(RunState.FinishMigrate, MigrationStatus.Device) },
            SourceStage.Copying => started with { View = Seen(RunState.Running, MigrationStatus.Active) },
            SourceStage.Home => started with { View = Seen(RunState.Running, MigrationStatus.Failed) },
            _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "not needed here"),
        };
    }

    private static QemuView Seen(RunState run, MigrationStatus status) => new(s_launch, Alive: true, run, status);

    private static DestinationHandoff Loaded(RunState run) => new()
    {
        Records = new DestinationRecords { Attempt = s_attempt, Launch = s_launch },
        View = new QemuView(s_launch, Alive: true, run, MigrationStatus.Completed),
    };

    private static SourceHandoff After(SourceHandoff state, params IEnumerable<SourceInput> inputs) =>
        inputs.Aggregate(state, (now, input) => SourceDecisions.Decide(now, input).Events.Aggregate(now, SourceDecisions.Apply));

    private static DestinationHandoff After(DestinationHandoff state, params IEnumerable<DestinationInput> inputs) =>
        inputs.Aggregate(state, (now, input) => DestinationDecisions.Decide(now, input).Events.Aggregate(now, DestinationDecisions.Apply));
}
