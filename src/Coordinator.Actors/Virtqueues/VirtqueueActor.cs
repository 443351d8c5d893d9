using Akka.Actor;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Virtqueues;

/// <summary>
/// One virtqueue of one device during one migration: a shell around its <see cref="VirtqueueTrack"/>. It holds nothing that its parent could not tell
/// it again, so its death changes nothing but the time until it has caught up.
/// </summary>
internal sealed class VirtqueueActor : UntypedActor
{
    private readonly VirtqueueId _id;
    private VirtqueueTrack _track;
    private AttemptNo _attempt;

    public VirtqueueActor(VirtqueueId id)
    {
        _id = id;
        _track = VirtqueueTrack.For(id);
    }

    internal static Props Props(VirtqueueId id) => Akka.Actor.Props.Create(() => new VirtqueueActor(id));

    protected override void PreStart() => Context.Parent.Tell(new QueueWord.Awake(_id));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case QueueCommand.BeginAttempt begin when begin.Attempt != _attempt:
                _attempt = begin.Attempt;
                _track = _track.StartAttempt();
                break;
            case QueueCommand.Compare compare when compare.Attempt == _attempt:
                Context.Parent.Tell(new QueueWord.ReadinessTold(_id, _attempt, _track.Readiness(compare.Source, compare.Destination)));
                break;
            case QueueCommand.Observe observe:
                _track = _track.Apply(observe.Observation);
                Context.Parent.Tell(new QueueWord.Progressed(_id, _track));
                break;
            case QueueCommand.Judge judge when judge.Attempt == _attempt:
                Context.Parent.Tell(new QueueWord.Judged(_id, _attempt, _track.Judge(), _track.Activity()));
                break;
            case QueueCommand:
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
