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

    /// <summary>The host from which this frame's attempt comes, as the coordinator said when it had it prepared. Null where that is not known: an attempt of another number is answered all the same.</summary>
    public string? SourceHostOf(SourceFrame frame) =>
        Find(frame.Vm)?.DestinationSide.Arrival is { SourceHost.Length: > 0 } arrival && arrival.Attempt.Value == frame.Attempt ? arrival.SourceHost : null;

    /// <summary>A VM that this host knows nothing of is answered "unknown", and leaves nothing behind.</summary>
    /// <param name="frame">Of the source's agent.</param>
    /// <param name="caller">The host that sent it, by its certificate or by the word of a coordinator; null on loopback, where nobody can tell.</param>
    /// <param name="answer">Takes what goes back the same way.</param>
    /// <param name="receivedMicros">When it came.</param>
    public void Deliver(SourceFrame frame, string? caller, Action<DestinationFrame> answer, long receivedMicros)
    {
        if (caller is not null && SourceHostOf(frame) is { } source && source != caller)
        {
            agent.Loggers.CreateLogger<VmSessions>().LogWarning(
                "VM {Vm}: a handoff message of attempt {Attempt} is dropped: it came from host {Caller}, and the source of that attempt is {Source}", frame.Vm, frame.Attempt, caller, source);
            return;
        }

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
