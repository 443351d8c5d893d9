using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.History;
using DomainAnswer = Coordinator.Domain.Handoff.RegisterAnswer;
using DomainValue = Coordinator.Domain.Handoff.RegisterValue;

namespace Coordinator.Agent.Recording;

/// <summary>The history of one VM on this host, as its session goes through it. Called inside the session only.</summary>
internal sealed class VmHistory(AgentHistory agent, VmName vm)
{
    /// <summary>When this life started the newest attempt; 0: an earlier life did, which is as good as "any time before".</summary>
    private long _startedMicros;

    private readonly HashSet<(AttemptNo Attempt, DomainAnswer Answer)> _heard = [];

    public QemuHistory Qemu(LaunchId launch) => new(agent, vm, Copy.OfLaunch(agent.Host, launch));

    /// <summary>The floor is durable.</summary>
    public void Accepted(CommandFloor floor) =>
        agent.Writer.Add(new EpochAccepted(HistoryClock.NowMicros(), vm, agent.Host, agent.Store, floor.Epoch, floor.Incarnation));

    public void Became(SourceHandoff before, SourceHandoff after)
    {
        long now = HistoryClock.NowMicros();
        SourceRecords records = after.Records;
        if (after.Attempt > before.Attempt)
        {
            _startedMicros = now;
            _heard.Clear();
        }

        if (after.Attempt == AttemptNo.None)
        {
            return;
        }

        Copy source = Copy.OfLaunch(agent.Host, records.Launch);
        if (after.Issued > before.Issued)
        {
            agent.Writer.Add(new MigrateIssued(now, vm, after.Attempt, source));
        }

        if (after.HasCompleted && !(before.HasCompleted && before.Attempt == after.Attempt))
        {
            agent.Writer.Add(new SourceCompleted(now, vm, after.Attempt, source));
        }

        if (records.KeptByWord > before.Records.KeptByWord)
        {
            agent.Writer.Add(new SourceKeptByWord(now, vm, records.KeptByWord, source));
        }
    }

    public void Became(DestinationHandoff before, DestinationHandoff after)
    {
        if (after.Records.Running > before.Records.Running)
        {
            Answered(Invoked(after.Records.Running, agent.Store, RegisterOperationKind.RecordRunning), RegisterOutcome.Done);
        }
    }

    /// <summary>The source's agent asks this register; null for an input that is none of its questions.</summary>
    public string? Asked(DestinationInput input) => input switch
    {
        DestinationInput.FromSource { Message: SourceMessage.Released m } => Invoked(m.Attempt, m.DestinationStore, RegisterOperationKind.Released),
        DestinationInput.FromSource { Message: SourceMessage.Refuse m } => Invoked(m.Attempt, m.DestinationStore, RegisterOperationKind.Refuse),
        _ => null,
    };

    public void Answered(string? operation, RegisterReply? reply)
    {
        if (operation is not null && reply is { } known)
        {
            Answered(operation, RegisterOutcomes.Of(known.Answer));
        }
    }

    /// <summary>The register is about to be changed, durably; null for an event that does not change it.</summary>
    public string? Changing(DestinationEvent happened, DestinationHandoff before)
    {
        switch (happened)
        {
            case DestinationEvent.RegisterOpened e:
                agent.Writer.Add(new AttemptPrepared(HistoryClock.NowMicros(), vm, e.Attempt, Source: null, Copy.OfLaunch(agent.Host, e.Launch), agent.Store));
                return Invoked(e.Attempt, agent.Store, RegisterOperationKind.Open);
            case DestinationEvent.RunSet e:
                return Invoked(e.Attempt, agent.Store, before.ReleasedNoted ? RegisterOperationKind.Grant : RegisterOperationKind.GrantByWord);
            case DestinationEvent.RefusedSet e:
                return Invoked(e.Attempt, agent.Store, RegisterOperationKind.SetRefused);
            case DestinationEvent.RunWithdrawn e:
                return Invoked(e.Attempt, agent.Store, RegisterOperationKind.Withdraw);
            default:
                return null;
        }
    }

    /// <summary>A refusal that covers no register of this host is durable only with the store's record, so it is left unanswered here.</summary>
    public void Changed(string? operation, DestinationEvent happened, DestinationHandoff after, bool holds)
    {
        if (operation is not null && (happened is not DestinationEvent.RefusedSet || after.Records.Register == DomainValue.Refused))
        {
            Answered(operation, holds ? RegisterOutcome.Done : RegisterOutcome.NotDone);
        }
    }

    /// <summary>At the source: the register's word has come in. It was true at some moment since the attempt was started here; messages may overtake each other.</summary>
    public void Heard(AttemptNo attempt, StoreInstanceId store, DomainAnswer answer)
    {
        // The same word again says less: it has had longer to be true in.
        if (!_heard.Add((attempt, answer)))
        {
            return;
        }

        string operation = agent.Writer.NextOperation();
        agent.Writer.Add(new RegisterInvoked(_startedMicros, vm, attempt, store, operation, RegisterOperationKind.Read, agent.Host));
        Answered(operation, RegisterOutcomes.Of(answer));
    }

    private string Invoked(AttemptNo attempt, StoreInstanceId store, RegisterOperationKind kind)
    {
        string operation = agent.Writer.NextOperation();
        agent.Writer.Add(new RegisterInvoked(HistoryClock.NowMicros(), vm, attempt, store, operation, kind, agent.Host));
        return operation;
    }

    private void Answered(string operation, RegisterOutcome outcome) => agent.Writer.Add(new RegisterAnswered(HistoryClock.NowMicros(), vm, operation, outcome));
}
