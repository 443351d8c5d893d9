using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Sessions;

/// <summary>Steps that carry out a person's recorded word.</summary>
internal sealed partial class StepDesk
{
    /// <summary>The source agent's word, by another way. What becomes of it is told by the report, as if it had come directly; nobody waits for the answer.</summary>
    private async ValueTask CarryReleaseAsync(StepContext context, CarryRelease carried)
    {
        SourceFrame frame = new()
        {
            Vm = session.Vm,
            Attempt = carried.Attempt,
            DestinationStore = carried.DestinationStore,
            Released = Released.Parser.ParseFrom(carried.Released),
        };
        await session.DestinationSide.ReceiveAsync(new SessionInput.FromSource(frame, _ => { }, HostClock.NowMicros()));

        // Read from the state that the message has led to: a record of another attempt or store is no word on this one.
        DestinationHandoff after = session.Destination;
        bool counts = after.Records.Attempt.Value == carried.Attempt && session.Records.Store.Value == WireIds.ToGuid(carried.DestinationStore);
        CommandReply reply = !counts ? CommandReply.Rejected($"no longer possible: the newest attempt here is {after.Records.Attempt} of store {session.Records.Store}")
            : after.Records.Register == Domain.Handoff.RegisterValue.Refused ? CommandReply.Rejected("no longer possible: the register has refused this attempt")
            : after.Gate == GateState.Closed ? CommandReply.Rejected($"no longer possible: the parity gate refused: {string.Join("; ", session.DestinationSide.Facts.GateFindings)}")
            : after.Records.Register == Domain.Handoff.RegisterValue.Run ? CommandReply.Accepted
            : CommandReply.NotYet("noted; the gate has not judged yet");
        await AnswerAsync(context, reply, []);
    }

    /// <summary>A host has been the source of one attempt and the destination of another; the launch says which side of this one it was.</summary>
    private ValueTask EndOverruledAsync(StepContext context, AttemptNo attempt, LaunchId launch) =>
        session.Source.Attempt == attempt && session.Source.Records.Launch == launch
            ? SourceAsync(context, new SourceInput.Overrule(attempt, launch))
            : DestinationAsync(context, new DestinationInput.Overrule(attempt, launch), []);
}
