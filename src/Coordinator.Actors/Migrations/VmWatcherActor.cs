using System.Threading.Channels;
using Akka.Actor;
using Coordinator.Contracts;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// Follows one VM for one reader. An entity forgets its watchers when it moves or restarts, so the watch is asked for again and again; each answer is
/// the whole view, and a reader that is slow gets the newest.
/// </summary>
public sealed class VmWatcherActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan s_askEvery = TimeSpan.FromSeconds(1);

    private readonly string _vm;
    private readonly IActorRef _region;
    private readonly ChannelWriter<VmChanged> _changes;
    private long _newest = -1;

    public VmWatcherActor(string vm, IActorRef region, ChannelWriter<VmChanged> changes)
    {
        _vm = vm;
        _region = region;
        _changes = changes;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string vm, IActorRef region, ChannelWriter<VmChanged> changes) =>
        Akka.Actor.Props.Create(() => new VmWatcherActor(vm, region, changes));

    protected override void PreStart()
    {
        _region.Tell(new WatchVm(_vm));
        Timers.StartPeriodicTimer(AskDue.Instance, AskDue.Instance, s_askEvery);
    }

    protected override void PostStop()
    {
        _region.Tell(new UnwatchVm(_vm));
        _changes.TryComplete();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case VmChanged changed:
                if (changed.Version > _newest)
                {
                    _newest = changed.Version;
                    _changes.TryWrite(changed);
                }

                break;
            case AskDue:
                _region.Tell(new WatchVm(_vm));
                break;
            case VmAnswer refused:
                _changes.TryComplete(new InvalidOperationException(refused.Message));
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class AskDue : INoSerializationVerificationNeeded
    {
        internal static readonly AskDue Instance = new();
    }
}
