using Coordinator.Agent.State;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Failpoints;
using Google.Protobuf;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// Takes coordinators' commands: the floor and the address first, then the step log, then the decision. An answer leaves when it is on disk together with what it stands for; a repeated step
/// gets the stored answer.
/// </summary>
internal sealed partial class StepDesk(VmSession session)
{
    /// <summary>Steps that are being carried out: a repetition waits for the one answer.</summary>
    private readonly HashSet<(long Epoch, long StepNo)> _underWay = [];

    public async ValueTask ReceiveAsync(Step step)
    {
        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.Before(SessionFailpoints.Step(step)), session.Vm);
        }

        Epoch epoch = new(step.Epoch);
        IncarnationId incarnation = new(WireIds.ToGuid(step.Incarnation));
        if (!session.Floor.Admits(epoch, incarnation))
        {
            await LeaveAsync(step, new StepAnswer
            {
                Vm = session.Vm,
                Epoch = step.Epoch,
                StepNo = step.StepNo,
                Outcome = StepOutcome.Fenced,
                Reason = session.Floor.Refusal(epoch),
                FloorEpoch = session.Floor.Epoch.Value,
            });
            return;
        }

        StoreInstanceId meant = new(WireIds.ToGuid(step.StoreInstance));
        if (!CommandAddress.Reaches(meant, session.Records.Store))
        {
            await LeaveAsync(step, new StepAnswer
            {
                Vm = session.Vm,
                Epoch = step.Epoch,
                StepNo = step.StepNo,
                Outcome = StepOutcome.NotYet,
                Reason = CommandAddress.Refusal(meant, session.Records.Store),
                FloorEpoch = session.Floor.Epoch.Value,
            });
            return;
        }

        if (_underWay.Contains((step.Epoch, step.StepNo)))
        {
            return;
        }

        if (session.Records.StepAnswer(step.Epoch, step.StepNo) is { } stored)
        {
            await LeaveAsync(step, StepAnswer.Parser.ParseFrom(stored));
            return;
        }

        CommandFloor floor = session.Floor.Raise(epoch, incarnation);
        StepContext context = new(step, floor, floor == session.Floor ? [] : [RecordCodec.Of(floor)]);
        await (step.CommandCase switch
        {
            Step.CommandOneofCase.Fence => FenceAsync(context),
            Step.CommandOneofCase.Launch => LaunchVmAsync(context, step.Launch),
            Step.CommandOneofCase.EndVm => EndVmAsync(context, step.EndVm),
            Step.CommandOneofCase.Prepare => PrepareAsync(context, step.Prepare),
            Step.CommandOneofCase.Rehearse => RehearseAsync(context, step.Rehearse),
            Step.CommandOneofCase.Start => StartAsync(context, step.Start),
            Step.CommandOneofCase.Cancel => SourceAsync(context, new SourceInput.Cancel(new AttemptNo(step.Cancel.Attempt))),
            Step.CommandOneofCase.EndSource => SourceAsync(context, new SourceInput.EndSource(new AttemptNo(step.EndSource.Attempt), new LaunchId(WireIds.ToGuid(step.EndSource.Launch)))),
            Step.CommandOneofCase.KeepSource => SourceAsync(
                context, new SourceInput.KeepByWord(new AttemptNo(step.KeepSource.Attempt), new LaunchId(WireIds.ToGuid(step.KeepSource.Launch)))),
            Step.CommandOneofCase.GiveUpSource => SourceAsync(
                context, new SourceInput.GiveUp(new AttemptNo(step.GiveUpSource.Attempt), new LaunchId(WireIds.ToGuid(step.GiveUpSource.Launch)))),
            Step.CommandOneofCase.RunDestination => DestinationAsync(
                context, new DestinationInput.RunByWord(new AttemptNo(step.RunDestination.Attempt), new LaunchId(WireIds.ToGuid(step.RunDestination.Launch))), []),
            Step.CommandOneofCase.CarryRelease => CarryReleaseAsync(context, step.CarryRelease),
            Step.CommandOneofCase.EndOverruled => EndOverruledAsync(
                context, new AttemptNo(step.EndOverruled.Attempt), new LaunchId(WireIds.ToGuid(step.EndOverruled.Launch))),
            Step.CommandOneofCase.CleanUp => DestinationAsync(context, new DestinationInput.CleanUp(new AttemptNo(step.CleanUp.Attempt)), []),
            Step.CommandOneofCase.Abandon => DestinationAsync(context, new DestinationInput.Abandon(new AttemptNo(step.Abandon.Attempt)), []),
            _ => AnswerAsync(context, CommandReply.Rejected("this agent is older than the coordinator and does not know this command"), []),
        });
    }

    /// <summary>The floor is raised durably; the report that follows was made under it.</summary>
    private async ValueTask FenceAsync(StepContext context)
    {
        session.SourceSide.ReadLayout();
        await AnswerAsync(context, CommandReply.Accepted, []);
        session.ReportChanged(atOnce: true);
    }

    private async ValueTask StartAsync(StepContext context, StartAttempt start)
    {
        AttemptPlan plan = new(new AttemptNo(start.Attempt), start.DestinationHost, start.HandoffAddress, start.StreamUri, start.Settings ?? new MigrationSettings());
        AttemptNo before = session.Source.Attempt;
        if (plan.Attempt > before && session.Agent.Slots.TakeOutgoing(session.Vm) is { } full)
        {
            await AnswerAsync(context, CommandReply.NotYet(full), []);
            return;
        }

        await SourceAsync(
            context,
            new SourceInput.Start(plan.Attempt, new StoreInstanceId(WireIds.ToGuid(start.DestinationStore))),
            [RecordCodec.Of(plan)],
            () => session.SourceSide.Begin(plan));
        if (session.Source.Attempt > before)
        {
            session.SourceSide.Link.Dial(plan.HandoffAddress, plan.DestinationHost);
        }
        else
        {
            session.Agent.Slots.Show(session.Vm, session.Source);
        }
    }

    private ValueTask SourceAsync(StepContext context, SourceInput input) => SourceAsync(context, input, [], () => { });

    private async ValueTask SourceAsync(StepContext context, SourceInput input, IReadOnlyList<DurableRecord> alongside, Action onNewAttempt)
    {
        Decision<CommandReply, SourceEvent> decision = SourceDecisions.Decide(session.Source, input);
        SourceHandoff next = decision.Events.Aggregate(session.Source, SourceDecisions.Apply);
        List<DurableRecord> records = [];
        if (next.Records != session.Source.Records)
        {
            records.Add(RecordCodec.Of(next.Records));
        }

        bool isNew = next.Attempt > session.Source.Attempt;
        if (isNew)
        {
            records.AddRange(alongside);
        }

        if (Failpoint.IsOn)
        {
            await SessionFailpoints.BeforeAsync(session.Vm, decision.Events);
        }

        StepAnswer answer = await CommitAsync(context, decision.Reply, records);
        if (Failpoint.IsOn)
        {
            await SessionFailpoints.AfterAsync(session.Vm, decision.Events);
        }

        if (isNew)
        {
            onNewAttempt();
        }

        session.Become(next);
        await TellAsync(context, answer);
    }

    private async ValueTask DestinationAsync(StepContext context, DestinationInput input, IReadOnlyList<DurableRecord> alongside)
    {
        Decision<DestinationReply, DestinationEvent> decision = DestinationDecisions.Decide(session.Destination, input);
        CommandReply reply = decision.Reply.Command ?? CommandReply.Accepted;
        StepAnswer? answer = null;
        DestinationHandoff? next = await session.DestinationSide.MakeDurableAsync(
            decision.Events, async records => answer = await CommitAsync(context, reply, [.. records, .. alongside]));
        if (next is null)
        {
            throw new AgentStoreException(StoreFault.Refused, "the decision register cannot be written; the step is not answered");
        }

        session.Become(next);
        await TellAsync(context, answer!);
    }

    private ValueTask AnswerAsync(StepContext context, CommandReply reply, IReadOnlyList<DurableRecord> records) => AnswerAsync(context, reply, records, () => { });

    private async ValueTask AnswerAsync(StepContext context, CommandReply reply, IReadOnlyList<DurableRecord> records, Action onDurable)
    {
        StepAnswer answer = await CommitAsync(context, reply, records);
        onDurable();
        await TellAsync(context, answer);
    }

    /// <summary>Floor, records and answer in one commit. "Not yet" is no answer to keep: the repetition is to be decided anew.</summary>
    private async Task<StepAnswer> CommitAsync(StepContext context, CommandReply reply, IReadOnlyList<DurableRecord> records)
    {
        StepAnswer answer = Make(context, reply);
        DurableRecord[] all = [.. context.FloorRecord, .. records];
        if (Failpoint.IsOn)
        {
            await FloorAsync(context, FailpointCatalogue.Before);
        }

        if (reply.Kind != ReplyKind.NotYet)
        {
            answer = StepAnswer.Parser.ParseFrom(await session.Records.SaveStepAsync(context.Step.Epoch, context.Step.StepNo, answer.ToByteArray(), all));
        }
        else if (all.Length > 0)
        {
            await session.Records.AppendAsync(all);
        }

        if (Failpoint.IsOn)
        {
            await FloorAsync(context, FailpointCatalogue.After);
        }

        return answer;
    }

    /// <summary>Durable, but to be answered later, when what it began has come to an end.</summary>
    private async ValueTask BeginAsync(StepContext context, IReadOnlyList<DurableRecord> records)
    {
        DurableRecord[] all = [.. context.FloorRecord, .. records];
        if (Failpoint.IsOn)
        {
            await FloorAsync(context, FailpointCatalogue.Before);
        }

        if (all.Length > 0)
        {
            await session.Records.AppendAsync(all);
        }

        if (Failpoint.IsOn)
        {
            await FloorAsync(context, FailpointCatalogue.After);
        }

        RaiseFloor(context);
        _underWay.Add((context.Step.Epoch, context.Step.StepNo));
    }

    private async ValueTask EndAsync(StepContext context, CommandReply reply)
    {
        _underWay.Remove((context.Step.Epoch, context.Step.StepNo));
        StepAnswer answer = await CommitAsync(context with { FloorRecord = [] }, reply, []);
        answer.FloorEpoch = session.Floor.Epoch.Value;
        await LeaveAsync(context.Step, answer);
    }

    private ValueTask TellAsync(StepContext context, StepAnswer answer)
    {
        RaiseFloor(context);
        return LeaveAsync(context.Step, answer);
    }

    private async ValueTask LeaveAsync(Step step, StepAnswer answer)
    {
        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.After(SessionFailpoints.Step(step)), session.Vm);
        }

        session.Agent.Coordinators.Answer(answer);
    }

    private ValueTask FloorAsync(StepContext context, Func<string, string> moment) =>
        context.FloorRecord.Count == 0 ? ValueTask.CompletedTask : Failpoint.HitAsync(moment(SessionFailpoints.FloorRaise), session.Vm);

    private void RaiseFloor(StepContext context)
    {
        if (context.Floor.Epoch > session.Floor.Epoch)
        {
            _ = session.Records.ForgetStepsBelowAsync(context.Floor.Epoch);
        }

        if (context.Floor != session.Floor)
        {
            session.History?.Accepted(context.Floor);
        }

        session.Floor = context.Floor;
    }

    private StepAnswer Make(StepContext context, CommandReply reply) => new()
    {
        Vm = session.Vm,
        Epoch = context.Step.Epoch,
        StepNo = context.Step.StepNo,
        Outcome = reply.Kind switch
        {
            ReplyKind.Accepted => StepOutcome.Accepted,
            ReplyKind.Rejected => StepOutcome.Rejected,
            _ => StepOutcome.NotYet,
        },
        Reason = reply.Reason,
        FloorEpoch = context.Floor.Epoch.Value,
    };

    private sealed record StepContext(Step Step, CommandFloor Floor, IReadOnlyList<DurableRecord> FloorRecord);
}
