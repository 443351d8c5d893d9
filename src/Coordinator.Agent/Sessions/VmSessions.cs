using System.Collections.Concurrent;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Failpoints;
using WireAnswer = Coordinator.AgentProtocol.HandoffChannel.RegisterAnswer;

namespace Coordinator.Agent.Sessions;

/// <summary>The sessions of all VMs of which this host has anything.</summary>
internal sealed class VmSessions(AgentContext agent) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<VmSession>> _sessions = new(StringComparer.Ordinal);

    private int _disposed;

    public IEnumerable<string> Vms => _sessions.Keys;

    /// <summary>Every VM with records is observed again, whether anybody asks for it or not: a guest may stand still.</summary>
    public void StartRecorded()
    {
        foreach (string vm in agent.Store.Vms())
        {
            _ = Open(vm);
        }
    }

    public VmSession? Find(string vm) => _sessions.TryGetValue(vm, out Lazy<VmSession>? session) ? session.Value : null;

    public void Deliver(Step step)
    {
        if (IsName(step.Vm))
        {
            Open(step.Vm).Post(new SessionInput.StepArrived(step));
        }
        else
        {
            agent.Coordinators.Answer(new StepAnswer
            {
                Vm = step.Vm,
                Epoch = step.Epoch,
                StepNo = step.StepNo,
                Outcome = StepOutcome.Rejected,
                Reason = $"'{step.Vm}' cannot name a VM",
            });
        }
    }

    /// <summary>A VM that this host knows nothing of is answered "unknown", and leaves nothing behind.</summary>
    public void Deliver(SourceFrame frame, Action<DestinationFrame> answer, long receivedMicros)
    {
        if (Find(frame.Vm) is { } session)
        {
            session.Post(new SessionInput.FromSource(frame, answer, receivedMicros));
        }
        else if (frame.MessageCase is SourceFrame.MessageOneofCase.Released or SourceFrame.MessageOneofCase.Refuse)
        {
            _ = AnswerUnknownAsync(frame, answer);
        }
    }

    private static async Task AnswerUnknownAsync(SourceFrame frame, Action<DestinationFrame> answer)
    {
        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.Before("agent.answer.unknown"), frame.Vm);
        }

        answer(new DestinationFrame { Vm = frame.Vm, Attempt = frame.Attempt, Answer = new Answer { Register = WireAnswer.Unknown } });
    }

    public void Deliver(DestinationFrame frame, long receivedMicros) => Find(frame.Vm)?.Post(new SessionInput.FromDestination(frame, receivedMicros));

    /// <summary>Harmless when repeated: the container that hands this to the listener disposes it too.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        foreach (Lazy<VmSession> session in _sessions.Values)
        {
            await session.Value.DisposeAsync();
        }
    }

    private VmSession Open(string vm) => _sessions.GetOrAdd(vm, name => new Lazy<VmSession>(() =>
    {
        VmSession session = new(name, agent);
        session.Start();
        return session;
    })).Value;

    private static bool IsName(string vm)
    {
        try
        {
            _ = new VmName(vm);
            return true;
        }
        catch (InvalidValueException)
        {
            return false;
        }
    }
}
