using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>Where the one copy is, beside any migration.</summary>
public sealed class ResidenceTests
{
    [Fact]
    public void StoppedVm_IsGoneWhenItsQemuIs()
    {
        VmEntity stopping = Apply(Resident(), new VmEvent.VmStopOrdered(new RequestId("stop")));
        HostReport report = Source(SourceStage.Home, started: 0);

        Assert.Null(VmProgress.Next(stopping.With(report with { Guest = new QemuView(Launch, Alive: true, RunState.Running, MigrationStatus.None) })));
        Assert.Equal(new VmEvent.VmGone("stopped on request"), VmProgress.Next(stopping.With(report with { Guest = QemuView.Gone(Launch) })));
    }

    [Fact]
    public void StartWhileAMigrationIsInDoubt_IsRefusedAndNamesIt()
    {
        VmReply reply = VmDecisions.Decide(InDoubt(), new VmCommand.StartVm(new RequestId("again"), SourceHost, HostIsKnown: true, Launch, "name: vm")).Reply;

        Assert.Equal((VmReplyKind.FailedPrecondition, "a migration of this VM is InDoubt; a second copy is not started"), (reply.Kind, reply.Message));
    }

    [Theory]
    [InlineData(9, 7, 9)]
    [InlineData(3, 7, 7)]
    public void CorrectedResidence_NeverGoesBackInItsAttempts(int known, int corrected, int expected)
    {
        VmEntity entity = Resident();
        entity = entity with { State = entity.State with { LastAttempt = new AttemptNo(known) } };

        Assert.Equal(expected, Apply(entity, new VmEvent.ResidenceCorrected(DestinationHost, Incoming, new AttemptNo(corrected))).State.LastAttempt.Value);
    }

    /// <summary>A host that knows of a later attempt than the journal, in whichever of its records, is asked before anything is concluded.</summary>
    [Theory]
    [InlineData(5, 0, 0, 0)]
    [InlineData(0, 5, 0, 0)]
    [InlineData(0, 0, 5, 0)]
    [InlineData(0, 0, 0, 5)]
    public void AnyRecordOfALaterAttempt_SaysThatTheJournalIsOlder(int started, int tombstone, int destination, int refused)
    {
        HostReport report = Source(SourceStage.Home, started, tombstone);
        report = report with { Destination = report.Destination with { Attempt = new AttemptNo(destination), RefusedUpTo = new AttemptNo(refused) } };

        Assert.Equal(5, report.GreatestAttempt.Value);
        Assert.Equal([SourceHost], Resident().With(report).Ahead);
    }

    [Fact]
    public void AnsweredRequests_AreKeptToTheirBound()
    {
        VmEntity entity = Resident();
        for (int i = 0; i <= VmState.MaxRequests; i++)
        {
            Guid id = Guid.NewGuid();
            entity = Apply(
                entity,
                new VmEvent.MigrationRequested(new RequestId($"request-{i}"), id, SourceHost, Launch, DestinationHost, MigrationPolicy.Default),
                new VmEvent.MigrationEnded(MigrationPhase.Cancelled, ""));
        }

        Assert.Equal(VmState.MaxRequests, entity.State.Requests.Count);
        Assert.Equal(new RequestId("request-1"), entity.State.Requests[0].Request);
    }
}
