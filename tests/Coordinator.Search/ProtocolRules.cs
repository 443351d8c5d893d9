using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>
/// The decision code under search. This class is the production code, called and nothing else; a planted defect overrides a member. Defects live here in the tests, so that
/// production code knows nothing of them.
/// </summary>
public class ProtocolRules
{
    /// <summary>Two incarnations may both record (a journal without its unique constraint).</summary>
    public virtual bool JournalAcceptsTwoWriters => false;

    public virtual Decision<CommandReply, SourceEvent> Decide(SourceHandoff state, SourceInput input) => SourceDecisions.Decide(state, input);

    public virtual SourceHandoff Apply(SourceHandoff state, SourceEvent happened) => SourceDecisions.Apply(state, happened);

    public virtual IReadOnlyList<SourceEffect> Effects(SourceHandoff state) => SourceDecisions.Effects(state);

    public virtual SourceHandoff Restart(SourceHandoff state) => state.AfterRestart();

    public virtual Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) => DestinationDecisions.Decide(state, input);

    public virtual DestinationHandoff Apply(DestinationHandoff state, DestinationEvent happened) => DestinationDecisions.Apply(state, happened);

    public virtual IReadOnlyList<DestinationEffect> Effects(DestinationHandoff state) => DestinationDecisions.Effects(state);

    public virtual DestinationHandoff Restart(DestinationHandoff state) => state.AfterRestart();

    /// <summary>What the register's file says outlives its agent.</summary>
    public virtual bool RegisterIsDurable => true;

    /// <summary>The parity gate's verdict on what the copy's load made of the rings.</summary>
    public virtual bool IsGateOpen(LoadedRings rings) => rings == LoadedRings.Equal;

    /// <summary>The gate compares with the source's final records, which only its release brings.</summary>
    public virtual bool GateNeedsRelease => true;

    public virtual bool Admits(CommandFloor floor, Command command) => floor.Admits(command.Epoch, command.Incarnation);

    /// <summary>May a command reach an agent whose store is another than the one it was meant for?</summary>
    public virtual bool Reaches(StoreInstanceId named, StoreInstanceId own) => CommandAddress.Reaches(named, own);

    /// <summary>May a message between agents be heard? In the protocol always: agents judge each other by attempt alone.</summary>
    public virtual bool Hears(CommandFloor floor, SourceMessage message) => true;

    public virtual SourceReport Report(SourceHandoff state) => SourceReport.Of(state);

    public virtual Decision<VmReply, VmEvent> Decide(VmEntity entity, VmCommand command) => VmDecisions.Decide(entity, command);

    public virtual VmEvent? Next(VmEntity entity) => VmProgress.Next(entity);

    public virtual IReadOnlyList<VmEffect> Effects(VmEntity entity) => VmEffects.Of(entity);
}
