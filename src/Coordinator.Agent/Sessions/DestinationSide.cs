using Coordinator.Agent.Qemu;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Failpoints;
using Coordinator.Qmp.Schema;
using DomainAnswer = Coordinator.Domain.Handoff.RegisterAnswer;
using DomainValue = Coordinator.Domain.Handoff.RegisterValue;
using FileValue = Coordinator.Agent.State.RegisterValue;
using WireAnswer = Coordinator.AgentProtocol.HandoffChannel.RegisterAnswer;

namespace Coordinator.Agent.Sessions;

/// <summary>The destination's part of one VM with its decision register: hears its QEMU and the source agent, performs what the domain asks for.</summary>
internal sealed partial class DestinationSide(VmSession session)
{
    private readonly EffectGuard _guard = new(session);
    private (SourceMessage Message, Action<DestinationFrame> Answer, DomainAnswer Last)? _asked;
    private DestinationHandoff? _answeredFor;
    private bool _isCopyDue;

    public DestinationFacts Facts { get; } = new(session.Records.Destination.Attempt);

    public ArrivalPlan? Arrival { get; set; } = session.Records.Arrival;

    public long? NextDueMs => new[] { _isCopyDue ? Environment.TickCount64 : (long?)null, _watchDueMs }.Min();

    private QemuInstance? Guest => session.Guests.Of(session.Destination.Records.Launch);

    public async ValueTask HearAsync(QemuNews news)
    {
        DestinationRecords records = session.Destination.Records;
        if (news.From.Launch != records.Launch || records.Attempt == AttemptNo.None)
        {
            return;
        }

        if (news.Event is { } guestEvent)
        {
            HearEvent(guestEvent);
        }

        if (news.Loaded is { } loaded)
        {
            Facts.First = loaded;
            Facts.Times.RecordsRead = loaded.ReadMicros;
        }

        if (news.HasExited)
        {
            Facts.IsListening = false;
            NoteExit();
            await session.FeedAsync(new DestinationInput.Observed(QemuView.Gone(records.Launch)));
        }
        else if (news.Sight is { } sight)
        {
            await session.FeedAsync(new DestinationInput.Observed(sight.AsDestination(records.Launch)));
            ListenAgain(news.From, sight);
        }
    }

    public async ValueTask HappenedAsync(DestinationInput input)
    {
        if (input is DestinationInput.LaunchIssued or DestinationInput.ContinueSending or DestinationInput.ContinueRefused)
        {
            Guest?.Invalidate();
        }

        if (input is DestinationInput.GateJudged && Facts.Times.GateJudged == 0)
        {
            Facts.Times.GateJudged = HostClock.NowMicros();
        }

        await session.FeedAsync(input);
    }

    public async ValueTask ReceiveAsync(SessionInput.FromSource from)
    {
        SourceFrame frame = from.Frame;
        AttemptNo attempt = new(frame.Attempt);
        StoreInstanceId store = new(WireIds.ToGuid(frame.DestinationStore));
        switch (frame.MessageCase)
        {
            case SourceFrame.MessageOneofCase.Rehearse:
                from.Answer(AnswerRehearsal(frame, from.ReceivedMicros));
                return;
            case SourceFrame.MessageOneofCase.Ping when attempt == session.Destination.Records.Attempt:
                from.Answer(new DestinationFrame { Vm = session.Vm, Attempt = frame.Attempt, Pong = new Pong() });
                return;
            case SourceFrame.MessageOneofCase.Released:
                if (Failpoint.IsOn)
                {
                    await Failpoint.HitAsync(FailpointCatalogue.After("agent.handoff.released"), session.Vm);
                }

                if (attempt == session.Destination.Records.Attempt && Facts.Released is null)
                {
                    Facts.Released = frame.Released;
                    Facts.Times.ReleasedReceived = from.ReceivedMicros;
                }

                await AskAsync(new SourceMessage.Released(attempt, store, frame.Released.GuestWasRunning), from.Answer);
                return;
            case SourceFrame.MessageOneofCase.Refuse:
                if (Failpoint.IsOn)
                {
                    await Failpoint.HitAsync(FailpointCatalogue.After("agent.handoff.refuse"), session.Vm);
                }

                await AskAsync(new SourceMessage.Refuse(attempt, store), from.Answer);
                return;
            default:
                // A message of a newer agent: it is repeated in a form that we know, or not at all.
                return;
        }
    }

    /// <summary>
    /// Everything durable of a decision, in the order that the register demands: its file first, since that is the decision; the store's copy of <c>run</c> after <c>cont</c>,
    /// so that the file's is the only sync while the guest stands still.
    /// </summary>
    /// <param name="events">Of one decision.</param>
    /// <param name="commit">Takes the records in place of an own commit; called in any case.</param>
    /// <returns>The state after the events; null when the register cannot say what it holds.</returns>
    public ValueTask<DestinationHandoff?> MakeDurableAsync(IReadOnlyList<DestinationEvent> events, Func<IReadOnlyList<DurableRecord>, Task>? commit = null) =>
        Failpoint.IsOn ? MakeDurableBetweenAsync(events, commit) : MakeDurableAtOnceAsync(events, commit);

    private async ValueTask<DestinationHandoff?> MakeDurableBetweenAsync(IReadOnlyList<DestinationEvent> events, Func<IReadOnlyList<DurableRecord>, Task>? commit)
    {
        await SessionFailpoints.BeforeAsync(session.Vm, events);
        DestinationHandoff? next = await MakeDurableAtOnceAsync(events, commit);
        await SessionFailpoints.AfterAsync(session.Vm, events);
        return next;
    }

    private async ValueTask<DestinationHandoff?> MakeDurableAtOnceAsync(IReadOnlyList<DestinationEvent> events, Func<IReadOnlyList<DurableRecord>, Task>? commit)
    {
        DestinationHandoff state = session.Destination;
        bool mayWait = true;
        foreach (DestinationEvent happened in events)
        {
            DestinationHandoff next = DestinationDecisions.Apply(state, happened);
            string? change = session.History?.Changing(happened, state);
            bool holds = await SetRegisterAsync(happened, state, next);
            session.History?.Changed(change, happened, next, holds);
            if (!holds)
            {
                return null;
            }

            mayWait &= happened is DestinationEvent.RunSet { GuestWasRunning: true } || !happened.Durable;
            state = next;
        }

        bool changed = state.Records != session.Destination.Records;
        if (changed && mayWait && commit is null)
        {
            _isCopyDue = true;
            Facts.Times.RunDurable = HostClock.NowMicros();
            return state;
        }

        List<DurableRecord> records = changed ? [RecordCodec.Of(state.Records)] : [];
        if (state.Records.Running > session.Destination.Records.Running)
        {
            records.Add(RecordCodec.OfResident(state.Records.Launch));
        }

        try
        {
            await (commit is not null ? commit(records) : records.Count > 0 ? session.Records.AppendAsync(records) : Task.CompletedTask);
        }
        catch (AgentStoreException)
        {
            FollowRegister(state);
            throw;
        }

        _isCopyDue &= !changed;
        if (state.Records.Running > session.Destination.Records.Running)
        {
            session.Guests.BecomeResident(state.Records.Launch);
            Facts.Times.RunningRecorded = HostClock.NowMicros();
        }

        return state;
    }

    /// <summary>What can wait until QEMU has its command: the store's copy of the register, the answer to the source, the first steps of the guest that runs here now.</summary>
    public async ValueTask AfterEffectsAsync(long nowMs)
    {
        if (_isCopyDue)
        {
            _isCopyDue = false;
            _ = CopyAsync(session.Destination.Records);
        }

        await TellSourceAsync();
        FollowResumed(nowMs);
    }

    /// <summary>False when the register does not hold what was to be set, and cannot say what it holds.</summary>
    private async ValueTask<bool> SetRegisterAsync(DestinationEvent happened, DestinationHandoff before, DestinationHandoff after)
    {
        switch (happened)
        {
            case DestinationEvent.RegisterOpened opened:
                await RegisterAsync("open", FailpointCatalogue.Before);
                session.Records.OpenRegister(opened.Attempt);
                await RegisterAsync("open", FailpointCatalogue.After);
                return session.Records.Register!.Value == FileValue.Empty;
            case DestinationEvent.RunSet run:
                if (!run.GuestWasRunning)
                {
                    await session.Records.AppendAsync(RecordCodec.OfPausedRelease(run.Attempt));
                }

                return await SetAsync("set-run", register => register.TrySet(FileValue.Run), FileValue.Run);
            case DestinationEvent.RefusedSet when before.Records.Register == DomainValue.Empty && after.Records.Register == DomainValue.Refused:
                return await SetAsync("set-refused", register => register.TrySet(FileValue.Refused), FileValue.Refused);
            case DestinationEvent.RunWithdrawn:
                return await SetAsync("withdraw", register => register.Withdraw(), FileValue.Refused);
            default:
                return true;
        }
    }

    private async ValueTask<bool> SetAsync(string kind, Func<RegisterFile, State.RegisterAnswer> set, FileValue wanted)
    {
        await RegisterAsync(kind, FailpointCatalogue.Before);
        State.RegisterAnswer answer = set(session.Records.Register!);
        await RegisterAsync(kind, FailpointCatalogue.After);
        return Holds(answer, wanted);
    }

    private ValueTask RegisterAsync(string kind, Func<string, string> moment) =>
        Failpoint.IsOn ? Failpoint.HitAsync(moment($"agent.register.{kind}"), session.Vm) : ValueTask.CompletedTask;

    private bool Holds(State.RegisterAnswer answer, FileValue wanted)
    {
        if (answer.Stored == wanted)
        {
            return true;
        }

        if (answer.Stored is FileValue.Unknown)
        {
            session.Logger.LogCritical(
                "VM {Vm}: the decision register of attempt {Attempt} is unknown from now on: {Doubt}", session.Vm, session.Destination.Records.Attempt.Value, answer.Doubt);
            return false;
        }

        // The file was decided before, and the state does not know it: the state follows, and the input counts as not received.
        session.Become(session.Destination with
        {
            Records = VmRecords.WithRegister(session.Destination.Records, answer.Stored, session.Destination.ReleasedGuestWasRunning || !session.Destination.ReleasedNoted),
            View = null,
        });
        throw new AgentStoreException(StoreFault.Refused, $"the register of attempt {session.Destination.Records.Attempt} already holds {answer.Stored}");
    }

    /// <summary>
    /// The store did not take what the register's file holds already: nothing may be answered from before the decision. The state follows the file; the input counts as not
    /// received (found by the simulator: the source was answered "undecided" after <c>run</c>).
    /// </summary>
    private void FollowRegister(DestinationHandoff decided)
    {
        DestinationHandoff before = session.Destination;
        if (session.Records.Register?.Value is (FileValue.Run or FileValue.Refused) and var stored
            && VmRecords.WithRegister(before.Records, stored, decided.Records.GuestWasRunning) is var followed && followed != before.Records)
        {
            // A granted copy is looked at anew: a paused one is recorded as being here by that. One that was withdrawn or refused for its end is known to have ended.
            session.Become(stored == FileValue.Run
                ? before with { Records = followed, SetRunInThisLife = true, View = null }
                : before with { Records = followed, View = decided.View });
        }
    }

    private async ValueTask AskAsync(SourceMessage message, Action<DestinationFrame> answer)
    {
        DestinationReply reply = await session.FeedAsync(new DestinationInput.FromSource(message, session.Records.Store));
        RegisterReply register = reply.Register ?? new RegisterReply(message.Attempt, DomainAnswer.Unknown);
        _asked = (message, answer, register.Answer);
        _answeredFor = session.Destination;
        await SendAsync(register, answer);
    }

    private async ValueTask SendAsync(RegisterReply register, Action<DestinationFrame> answer)
    {
        DestinationFrame frame = Frame(register);
        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.Before(SessionFailpoints.Answer(register.Answer)), session.Vm);
        }

        answer(frame);
    }

    /// <summary>
    /// The source asked, and what was answered then is not the whole truth any more: it is told at once instead of with its next question. The message is judged again as the
    /// repetition that it would have been.
    /// </summary>
    private async ValueTask TellSourceAsync()
    {
        if (_asked is not { } asked || ReferenceEquals(_answeredFor, session.Destination))
        {
            return;
        }

        DestinationReply reply = await session.FeedAsync(new DestinationInput.FromSource(asked.Message, session.Records.Store));
        _answeredFor = session.Destination;
        if (reply.Register is { } register && register.Answer != asked.Last)
        {
            _asked = asked with { Last = register.Answer };
            await SendAsync(register, asked.Answer);
        }
    }

    private DestinationFrame Frame(RegisterReply reply)
    {
        Answer answer = new() { Register = (WireAnswer)((int)reply.Answer + 1) };
        if (reply.Answer == DomainAnswer.GateClosed)
        {
            answer.GateFindings.AddRange(Facts.GateFindings);
        }

        return new DestinationFrame { Vm = session.Vm, Attempt = reply.Attempt.Value, Answer = answer };
    }

    private async Task CopyAsync(DestinationRecords records)
    {
        try
        {
            await session.Records.AppendAsync(RecordCodec.Of(records));
        }
        catch (AgentStoreException e)
        {
            // The register's file holds the decision; the copy comes with the next record.
            session.Logger.LogWarning("VM {Vm}: the store's copy of the register is late: {Reason}", session.Vm, e.Message);
        }
    }

    private void HearEvent(GuestEvent guestEvent)
    {
        long at = HostClock.Micros(guestEvent.Timestamp);
        switch (guestEvent)
        {
            case MigrationStatusChanged { Status: "completed" } when Facts.Times.Loaded == 0:
                Facts.Times.Loaded = at;
                break;
            case GuestResumed when Facts.Times.Resume == 0 && Facts.Times.ContSent != 0:
                Facts.Times.Resume = at;
                session.Logger.LogInformation("VM {Vm}: switchover at the destination, {Moments}", session.Vm, SwitchoverMoments.Of(Facts.Times));
                break;
            default:
                break;
        }
    }
}
