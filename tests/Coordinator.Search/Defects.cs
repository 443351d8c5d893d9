using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>
/// Wrong protocols, each wrong in one place. The search has to find every one of them: they are the tests of the search. Where one needs a record that the real protocol
/// does not even have, it is built from what there is.
/// </summary>
public static class Defects
{
    private static AttemptNo AttemptOf(SourceHandoff s) => s.Attempt;

    private static SourceEffect Released(SourceHandoff s) =>
        new SourceEffect.SendToDestination(new SourceMessage.Released(s.Attempt, s.Records.DestinationStore, s.Records.GuestWasRunning));

    private static Decision<DestinationReply, DestinationEvent> Happens(params DestinationEvent[] events) =>
        new(DestinationReply.Of(CommandReply.Accepted), events.ToEquatableList());

    public sealed class ReleaseSentInDevice : ProtocolRules
    {
        public override IReadOnlyList<SourceEffect> Effects(SourceHandoff state) =>
            state is { Stage: SourceStage.Switching, Continued: true } ? [.. base.Effects(state), Released(state)] : base.Effects(state);
    }

    public sealed class RegisterNotDurable : ProtocolRules
    {
        public override DestinationHandoff Restart(DestinationHandoff state) =>
            new() { Records = state.Records with { Register = RegisterValue.Empty, Runs = [], Running = AttemptNo.None } };

        public override bool RegisterIsDurable => false;
    }

    /// <summary>Found by the simulator alone: the search has no command that outlives the store it was meant for.</summary>
    public sealed class AddressUnchecked : ProtocolRules
    {
        public override bool Reaches(StoreInstanceId named, StoreInstanceId own) => true;
    }

    /// <summary>Caught only when the old incarnation may still decide: with a linear journal the attempt's number and the tombstone already suffice.</summary>
    public sealed class EpochUnchecked : ProtocolRules
    {
        public override bool JournalAcceptsTwoWriters => true;

        public override bool Admits(CommandFloor floor, Command command) => true;
    }

    public sealed class ResumeWithoutProof : ProtocolRules
    {
        public override IReadOnlyList<SourceEffect> Effects(SourceHandoff state) =>
            state is { Stage: SourceStage.HandedOver, DeadlinePassed: true } ? [new SourceEffect.ContinueGuest(state.Records.Launch)] : base.Effects(state);
    }

    public sealed class ContOnInmigrate : ProtocolRules
    {
        public override IReadOnlyList<DestinationEffect> Effects(DestinationHandoff state) =>
            state is { Stage: DestinationStage.Receiving, Launched: true, View.Alive: true, ContinueSent: false } ? [new DestinationEffect.ContinueGuest(state.Records.Attempt)] : base.Effects(state);
    }

    /// <summary>The source reads the register instead of asking for the compare-and-set, and takes "nothing decided" for an answer.</summary>
    public sealed class EmptyTakenAsProof : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            input is DestinationInput.FromSource { Message: SourceMessage.Refuse } && state.Records.Register == RegisterValue.Empty
                ? new(DestinationReply.Of(state.Records.Attempt, RegisterAnswer.Undecided), [])
                : base.Decide(state, input);

        public override Decision<CommandReply, SourceEvent> Decide(SourceHandoff state, SourceInput input) =>
            input is SourceInput.RegisterAnswered { Reply.Answer: RegisterAnswer.Undecided } && state is { Stage: SourceStage.HandedOver, WantsRefusal: true }
                ? new(CommandReply.Accepted, [new SourceEvent.RefusalStored(AttemptOf(state))])
                : base.Decide(state, input);
    }

    /// <summary>A restarted source without a record of its release resumes by itself.</summary>
    public sealed class ReleasedBeforeItIsDurable : ProtocolRules
    {
        public override IReadOnlyList<SourceEffect> Effects(SourceHandoff state) =>
            state is { Stage: SourceStage.HandedOver, Continued: false } && state.Records.Completed < state.Attempt
                ? [new SourceEffect.ContinueGuest(state.Records.Launch)]
                : base.Effects(state);
    }

    /// <summary>The copy is granted on what was observed (it has loaded), without the source's own word.</summary>
    public sealed class GrantOnObservation : ProtocolRules
    {
        public override IReadOnlyList<DestinationEffect> Effects(DestinationHandoff state) =>
            state is { Stage: DestinationStage.Loaded, Gate: GateState.NotJudged } ? [new DestinationEffect.JudgeGate(state.Records.Attempt)] : base.Effects(state);

        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            base.Decide(input is DestinationInput.GateJudged ? state with { ReleasedNoted = true, ReleasedGuestWasRunning = true } : state, input);

        public override bool GateNeedsRelease => false;
    }

    public sealed class NoTombstone : ProtocolRules
    {
        public override Decision<CommandReply, SourceEvent> Decide(SourceHandoff state, SourceInput input) =>
            base.Decide(input is SourceInput.Start ? Without(state) : state, input);

        public override SourceHandoff Apply(SourceHandoff state, SourceEvent happened) => base.Apply(happened is SourceEvent.AttemptStarted ? Without(state) : state, happened);

        private static SourceHandoff Without(SourceHandoff state) => state with { Records = state.Records with { Tombstone = AttemptNo.None } };
    }

    /// <summary>Reply before persist: the tombstone is answered, but a crash forgets it.</summary>
    public sealed class ReplyBeforePersist : ProtocolRules
    {
        public override SourceHandoff Restart(SourceHandoff state) => base.Restart(state with { Records = state.Records with { Tombstone = AttemptNo.None } });
    }

    /// <summary>Released carries the epoch of the authorisation, and the destination refuses it below its floor.</summary>
    public sealed class EpochOnAgentMessages : ProtocolRules
    {
        public override IReadOnlyList<VmEffect> Effects(VmEntity entity) =>
            base.Effects(entity).Select(e => e is VmEffect.StartAttempt start ? start with { DestinationStore = Mark(start.DestinationStore, entity.State.Epoch) } : e).ToList();

        public override bool Hears(CommandFloor floor, SourceMessage message) => message.DestinationStore == Mark(message.DestinationStore, floor.Epoch);

        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            base.Decide(state, input is DestinationInput.FromSource heard ? heard with { OwnStore = heard.Message.DestinationStore } : input);

        private static StoreInstanceId Mark(StoreInstanceId store, Epoch epoch)
        {
            byte[] bytes = store.Value.ToByteArray();
            bytes[15] = (byte)epoch.Value;
            return new StoreInstanceId(new Guid(bytes));
        }
    }

    public sealed class DestinationRefusesByTimer : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input)
        {
            Decision<DestinationReply, DestinationEvent> decision = base.Decide(state, input);
            return input is DestinationInput.Observed { View.IsLoaded: true } && state.Records.Register == RegisterValue.Empty
                ? decision with { Events = decision.Events.Add(new DestinationEvent.RefusedSet(state.Records.Attempt)) }
                : decision;
        }
    }

    public sealed class GateRefusesAlone : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            input is DestinationInput.GateJudged { IsOpen: false } judged && state.Stage == DestinationStage.Loaded
                ? Happens(new DestinationEvent.RefusedSet(judged.Attempt))
                : base.Decide(state, input);
    }

    public sealed class CancelSentToDestination : ProtocolRules
    {
        public override IReadOnlyList<VmEffect> Effects(VmEntity entity) => base.Effects(entity)
            .Select(e => e is VmEffect.CancelAttempt cancel ? new VmEffect.CleanUpDestination(entity.State.Migration!.Destination, cancel.Attempt) : e).ToList();
    }

    /// <summary>Nothing is concluded before both hosts have answered under the own fence: one that is lost for ever keeps the migration open for ever.</summary>
    public sealed class FenceOfBothNeeded : ProtocolRules
    {
        public override VmEvent? Next(VmEntity entity) => Both(entity) ? base.Next(entity) : null;

        public override Decision<VmReply, VmEvent> Decide(VmEntity entity, VmCommand command) =>
            Both(entity) || command is VmCommand.Claim ? base.Decide(entity, command) : new(VmReply.Done, []);

        private static bool Both(VmEntity entity) =>
            entity.State.Migration is not { Phase: not (MigrationPhase.Pending or MigrationPhase.Scheduling) } m || m.Phase.IsTerminal() || (entity.FencedReportOf(m.Source) is not null && entity.FencedReportOf(m.Destination) is not null);
    }

    /// <summary>
    /// A source that had not begun is taken for one that never will: a report says what was, and a start that is still under way makes it untrue.
    /// </summary>
    public sealed class OldEvidence : ProtocolRules
    {
        public override VmEvent? Next(VmEntity entity) =>
            entity.State.Migration is { CancelRequested: true, Authorized: true, Phase: MigrationPhase.Iterating } m
                && entity.Reports.Any(report => report.Host == m.Source && report.Source.Stage == SourceStage.Home && report.Source.Attempt < m.Attempt)
                ? new VmEvent.AttemptEnded(m.Attempt, "cancelled", MayRetry: false)
                : base.Next(entity);
    }

    public sealed class FailedButStoppedTakenAsRunning : ProtocolRules
    {
        public override SourceReport Report(SourceHandoff state) =>
            state.Stage == SourceStage.Stranded ? base.Report(state) with { Stage = SourceStage.Home } : base.Report(state);

        public override IReadOnlyList<SourceEffect> Effects(SourceHandoff state) => state.Stage == SourceStage.Stranded ? [] : base.Effects(state);
    }

    /// <summary><c>cont</c> as soon as the source has released, whatever the rings say.</summary>
    public sealed class ContBeforeTheGate : ProtocolRules
    {
        public override IReadOnlyList<DestinationEffect> Effects(DestinationHandoff state) =>
            state is { Stage: DestinationStage.Loaded, ReleasedNoted: true } ? [new DestinationEffect.ContinueGuest(state.Records.Attempt)] : base.Effects(state);
    }

    /// <summary>Rings are compared, and the copy is let run whatever was found.</summary>
    public sealed class GateAlwaysOpen : ProtocolRules
    {
        public override bool IsGateOpen(LoadedRings rings) => true;
    }

    /// <summary>A destination is abandoned on what was seen of it before the order: a stream may have come since, and loaded the last copy.</summary>
    public sealed class AbandonWithoutAFreshLook : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            input is DestinationInput.Abandon abandon && state.Records.Attempt == abandon.Attempt && state.Records.Register == RegisterValue.Empty && state.View is { AwaitsStream: true }
                ? Happens(new DestinationEvent.RefusedSet(abandon.Attempt))
                : base.Decide(state, input);
    }

    /// <summary>An abandoned copy is refused as it is found, also when it has loaded and may be the last one.</summary>
    public sealed class AbandonRefusesALoadedCopy : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            input is DestinationInput.Abandon abandon && state.Records.Attempt == abandon.Attempt && state.Records.Register == RegisterValue.Empty
                ? Happens(new DestinationEvent.RefusedSet(abandon.Attempt))
                : base.Decide(state, input);
    }

    /// <summary>A destination to which no stream will ever come is left waiting.</summary>
    public sealed class NobodyAbandons : ProtocolRules
    {
        public override IReadOnlyList<VmEffect> Effects(VmEntity entity) => base.Effects(entity).Where(e => e is not VmEffect.AbandonDestination).ToList();
    }

    /// <summary>A person's word counts whatever the agents report.</summary>
    public sealed class WordAgainstTheEvidence : ProtocolRules
    {
        public override Decision<VmReply, VmEvent> Decide(VmEntity entity, VmCommand command) =>
            command is VmCommand.Resolve { Resolution.Choice: DoubtChoice.KeepSource } resolve && entity.State.Migration is { Phase: MigrationPhase.InDoubt, Resolution: null } m
                ? new(VmReply.Done, [new VmEvent.DoubtResolved(resolve.Request, m.Attempt, resolve.Resolution)])
                : base.Decide(entity, command);
    }

    /// <summary>The register goes with the agent's state, and a missing register is taken for an empty one.</summary>
    public sealed class RegisterWipedTakenAsEmpty : ProtocolRules
    {
        public override Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) =>
            input is DestinationInput.FromSource { Message: SourceMessage.Refuse refuse } && state.Records.Attempt == AttemptNo.None
                ? new(DestinationReply.Of(refuse.Attempt, RegisterAnswer.Refused), [])
                : base.Decide(state, input);
    }
}
