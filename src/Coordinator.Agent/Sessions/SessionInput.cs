using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Sessions;

/// <summary>Whatever reaches the session of one VM.</summary>
internal abstract record SessionInput
{
    public sealed record StepArrived(Step Step) : SessionInput;

    public sealed record QemuSaid(QemuNews News) : SessionInput;

    /// <summary>From the source agent, directly or carried; <paramref name="Answer"/> takes what goes back the same way.</summary>
    public sealed record FromSource(SourceFrame Frame, Action<DestinationFrame> Answer, long ReceivedMicros) : SessionInput;

    public sealed record FromDestination(DestinationFrame Frame, long ReceivedMicros) : SessionInput;

    /// <summary>What an effect of the source's part came to.</summary>
    public sealed record SourceHappened(SourceInput Input) : SessionInput;

    public sealed record DestinationHappened(DestinationInput Input) : SessionInput;

    /// <summary>The rest of something that was begun here and awaited elsewhere.</summary>
    public sealed record Resumed(Func<ValueTask> Rest) : SessionInput;

    /// <summary>What nobody will say again: when it cannot be recorded (a full disk), it is kept and tried again. Doing it twice is doing it once.</summary>
    public sealed record ToldOnce(Func<ValueTask> Rest) : SessionInput;

    /// <summary>An effect has ended, or a time has come: look at what is outstanding.</summary>
    public sealed record LookAgain : SessionInput;
}
