using Akka.Actor;
using Akka.Persistence;
using Coordinator.Actors.Platform;
using Coordinator.Contracts;

namespace Coordinator.ClusterProbe;

/// <summary>
/// The least that a VM's entity does: counts in the journal, speaks after it persisted, says when it recovered. And, like the real one, records that it has
/// taken over before it does anything else: only that makes an older incarnation's next write fail (measured without it: one that had been paused
/// for 12 s woke and recorded 13 events under entities that had recovered elsewhere).
/// </summary>
sealed class CounterEntity : ReceivePersistentActor
{
    private readonly string vmId;
    private long count;

    public CounterEntity(string vmId)
    {
        this.vmId = vmId;
        Recover<long>(increment => count += increment);
        Recover<RecoveryCompleted>(_ => Persist(0L, _ => ProbeOutput.Say($"recovered {vmId} {count} {ProbeOutput.NowMs}")));
        Command<string>(_ => Persist(1L, increment =>
        {
            count += increment;
            Sender.Tell(count);
        }));
        Command<Nudge>(_ => Sender.Tell(count));
        Command<StopVm>(_ => Context.Stop(Self));
    }

    public override string PersistenceId => vmId;

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        ProbeOutput.Say($"refused {vmId} {sequenceNr} {cause.Message.ReplaceLineEndings(" ")}");
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    protected override void PostStop() => ProbeOutput.Say($"stopped {vmId} {ProbeOutput.NowMs}");
}
