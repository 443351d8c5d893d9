using Akka.Actor;
using Coordinator.Actors.Views;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Google.Protobuf;

namespace Coordinator.Actors.Migrations;

/// <summary>Requests of clients, and what watchers are told.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>Dashboards and command lines that look at one VM at once.</summary>
    private const int MaxWatchers = 64;

    /// <summary>Samples come several times a second and per queue; watchers are told of them at most this often.</summary>
    private static readonly TimeSpan s_samplePause = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<IActorRef> _watchers = [];
    private int _samples;

    private void OnClient(object message)
    {
        try
        {
            switch (message)
            {
                case StartMigration start:
                    AskToMigrate(start.RequestId, start.DestinationHost, PolicyText.Read(start.Policy));
                    break;
                case QueueMigration start:
                    AskToMigrate(start.RequestId, start.DestinationHost, PolicyText.Read(start.Policy, start.Priority, start.QueueDeadlineMs));
                    break;
                case CancelMigration cancel:
                    Ask(new VmCommand.Cancel(new RequestId(cancel.RequestId), Meant(cancel.MigrationId)));
                    break;
                case ProveHostOff off:
                    OnProveHostOff(off);
                    break;
                case ResolveDoubt resolve:
                    Ask(ResolutionText.Read(resolve));
                    break;
                case StartVirtualMachine start:
                    HostName host = new(start.Host);
                    Ask(new VmCommand.StartVm(
                        new RequestId(start.RequestId), host, _parts.Hosts.Find(host.Value) is not null, new LaunchId(Guid.NewGuid()), start.DefinitionYaml)
                    { Cordon = _parts.Cordons.Of(host) });
                    break;
                case StopVirtualMachine stop:
                    Ask(new VmCommand.StopVm(new RequestId(stop.RequestId)));
                    break;
                case GetVm get:
                    OnGet(get);
                    break;
                case WatchVm:
                    OnWatch();
                    break;
                case UnwatchVm:
                    _watchers.Remove(Sender);
                    Context.Unwatch(Sender);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
        catch (InvalidValueException refused)
        {
            _parts.Metrics.CountRefusal("invalid");
            Sender.Tell(Answer(AnswerKind.InvalidArgument, refused.Message, migrationId: ""));
        }

        ArmIdle();
    }

    private static Guid? Meant(string migrationId) => migrationId.Length == 0 ? null
        : Guid.TryParse(migrationId, out Guid id) ? id
        : throw new InvalidValueException("migration_id", migrationId, "the text of a UUID, or empty for the newest migration");

    private void AskToMigrate(string request, string destination, MigrationPolicy policy)
    {
        HostName host = new(destination);
        Ask(new VmCommand.Migrate(new RequestId(request), Guid.NewGuid(), host, _parts.Hosts.Find(host.Value) is not null, policy) { Cordon = _parts.Cordons.Of(host) });
    }

    private void Ask(VmCommand command)
    {
        Execute(ReplyTo(Sender, command), command);
    }

    private Action<VmReply> ReplyTo(IActorRef client, VmCommand? command = null) => reply =>
    {
        AnswerKind kind = reply.Kind switch
        {
            VmReplyKind.Accepted => AnswerKind.Accepted,
            VmReplyKind.NotFound => AnswerKind.NotFound,
            VmReplyKind.FailedPrecondition => AnswerKind.FailedPrecondition,
            _ => throw new InvalidOperationException($"unknown reply {reply.Kind}"),
        };
        CountRefusal(kind, command);
        client.Tell(Answer(kind, reply.Message, reply.Migration?.ToString() ?? ""));
    };

    private void OnGet(GetVm get)
    {
        bool known = LastSequenceNr > 0;
        bool hasMigration = get.MigrationId.Length == 0 || StoryOf(get.MigrationId) is not null;
        Sender.Tell((known, hasMigration) switch
        {
            (false, _) => Answer(AnswerKind.NotFound, $"no VM of the name '{_vm}' is known; see 'coordctl vm list'", migrationId: ""),
            (_, false) => Answer(AnswerKind.NotFound, $"VM '{_vm}' has no migration '{get.MigrationId}' among its last {VmState.MaxRequests}",
                migrationId: ""),
            _ => Answer(AnswerKind.Accepted, "", get.MigrationId),
        });
    }

    private void OnWatch()
    {
        if (!_watchers.Contains(Sender) && _watchers.Count >= MaxWatchers)
        {
            _parts.Metrics.CountRefusal("exhausted");
            Sender.Tell(Answer(AnswerKind.ResourceExhausted, $"{MaxWatchers} watchers look at this VM already", migrationId: ""));
            return;
        }

        if (_watchers.Add(Sender))
        {
            Context.Watch(Sender);
        }

        Sender.Tell(Changed());
    }

    private VmAnswer Answer(AnswerKind kind, string message, string migrationId)
    {
        MigrationStory? story = migrationId.Length == 0 ? _history.Newest : StoryOf(migrationId);
        return new VmAnswer(
            _vm.Value,
            kind,
            message,
            story?.State.Id.ToString() ?? "",
            VirtualMachineView.Of(_vm, _history, _views).ToByteArray(),
            story is null ? [] : View(story).ToByteArray());
    }

    private VmChanged Changed() => new(
        _vm.Value,
        MigrationView.Version(_history.Sequence, _samples),
        VirtualMachineView.Of(_vm, _history, _views).ToByteArray(),
        _history.Newest is { } story ? View(story).ToByteArray() : []);

    private Contracts.Api.Migration View(MigrationStory story) => MigrationView.Of(_vm, story, State, _history.Sequence, Live());

    private LiveMigration Live() => Active is not { } m
        ? LiveMigration.None with { Progress = _liveProgress, Samples = _samples }
        : new LiveMigration(_liveProgress, _queues.Shown.Select(q => new LiveQueue(q.Id, q.Readiness, q.Track)).ToList(), Waiting(), _samples)
        {
            Doubt = m.Phase == MigrationPhase.InDoubt ? DoubtView.Of(Entity, m) : null,
            FiguresAreOld = !_figuresHeard,
        };

    /// <summary>The first thing that stands in the way, as far as it is known.</summary>
    private string Waiting()
    {
        if (VmEffects.IsHeld(Entity))
        {
            return $"waits: {Entity.Hold!.Refusal}";
        }

        if (Active is { Phase: MigrationPhase.Pending or MigrationPhase.Scheduling, WantsBack: false } && Entity.Queued is not null)
        {
            return Queued() ?? "";
        }

        if (_schedule.Reasons.Select(r => $"{VmEffects.HostOf(r.Effect)}: {r.Reason}").FirstOrDefault() is { } said)
        {
            return said;
        }

        // Nothing is ordered while the agents carry it out, and yet nothing is heard without them.
        IEnumerable<HostName> heard = Active is { Phase: MigrationPhase.Iterating or MigrationPhase.Switchover } m ? [m.Source, m.Destination] : [];
        HostName? silent = VmEffects.Of(Entity).Select(VmEffects.HostOf).OfType<HostName>().Concat(heard)
            .FirstOrDefault(h => _parts.Hosts.Find(h.Value) is not { Connected: true });
        return silent is null ? "" : $"waits for the agent of {silent}, which is not connected";
    }

    private MigrationStory? StoryOf(string migrationId) => _history.Stories.FirstOrDefault(s => s.State.Id.ToString() == migrationId);

    private void PublishNow()
    {
        Timers.Cancel(PublishDue.Instance);
        if (_watchers.Count == 0)
        {
            return;
        }

        VmChanged changed = Changed();
        foreach (IActorRef watcher in _watchers)
        {
            watcher.Tell(changed);
        }
    }

    private void PublishSoon()
    {
        _samples++;
        if (_watchers.Count > 0 && !Timers.IsTimerActive(PublishDue.Instance))
        {
            Timers.StartSingleTimer(PublishDue.Instance, PublishDue.Instance, s_samplePause);
        }

        ShowSampleInFleet();
    }

    private void ArmIdle()
    {
        if (IsPassable)
        {
            Timers.StartSingleTimer(IdleDue.Instance, IdleDue.Instance, s_idle);
        }
    }
}
