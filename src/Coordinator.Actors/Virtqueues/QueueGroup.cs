using Akka.Actor;
using Akka.Event;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Virtqueues;

/// <summary>
/// The virtqueue actors of one VM's migration, as their parent holds them: creates one per queue, feeds it, keeps what it said, and starts it again
/// with a growing delay when it died. Part of its parent actor: never used from elsewhere.
/// </summary>
internal sealed class QueueGroup(IActorContext context, ITimerScheduler timers)
{
    /// <summary>
    /// Deaths within <see cref="s_window"/> after which a queue stays without an actor: unobserved, hence never <c>Ready</c> and never proven.
    /// </summary>
    private const int MaxDeaths = 5;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(50);

    private readonly SortedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly ILoggingAdapter _log = context.GetLogger();
    private int _born;

    public SideReadings Readings { get; private set; } = new();

    public AttemptNo Attempt { get; private set; }

    public bool IsJudging { get; private set; }

    public int Count => _members.Count;

    public IEnumerable<(VirtqueueId Id, QueueReadiness? Readiness, VirtqueueTrack? Track)> Shown => _members.Values.Select(m => (m.Id, m.Readiness, m.Track));

    /// <summary>Both layouts are known and every queue's own actor has found it ready.</summary>
    public bool AllReady =>
        Readings is { SourceLayout: not null, DestinationLayout: not null } && _members.Values.All(m => m.Readiness is QueueReadiness.Ready);

    public string? NotReadyReason => _members.Values.Select(m => m.Readiness).OfType<QueueReadiness.NotReady>().FirstOrDefault()?.Reason;

    /// <summary>Every queue's own actor has judged, or is given up.</summary>
    public bool AllJudged => IsJudging && _members.Values.All(m => m.Judgement is not null || m.GivenUp);

    public EquatableList<VirtqueueJudgement> Judgements => _members.Values.Select(m => m.Judgement).OfType<VirtqueueJudgement>().ToEquatableList();

    public EquatableList<QueueActivity> Activities => _members.Values.Select(m => m.Activity).OfType<QueueActivity>().ToEquatableList();

    public IReadOnlyCollection<VirtqueueId> Expected => _members.Values.Select(m => m.Id).ToList();

    public void BeginAttempt(AttemptNo attempt)
    {
        if (attempt == Attempt)
        {
            return;
        }

        Attempt = attempt;
        IsJudging = false;
        Readings.BeginAttempt();
        foreach (Member member in _members.Values)
        {
            member.Readiness = null;
            member.Judgement = null;
            member.Activity = null;
            member.Ref?.Tell(new QueueCommand.BeginAttempt(attempt));
        }
    }

    /// <summary>The migration is over: its actors end with it.</summary>
    public void End()
    {
        foreach (Member member in _members.Values)
        {
            Stop(member);
        }

        _members.Clear();
        Readings = new SideReadings();
        Attempt = AttemptNo.None;
        IsJudging = false;
    }

    public void SetLayouts(SideLayout? source, SideLayout? destination)
    {
        bool changed = source is not null && Readings.SetSourceLayout(source);
        if (changed)
        {
            AddSample(source!.Devices);
        }

        changed |= destination is not null && Readings.SetDestinationLayout(destination);
        if (changed)
        {
            Populate();
            foreach (Member member in _members.Values)
            {
                member.Readiness = null;
                Compare(member);
            }
        }
    }

    public void SetRecords(EquatableList<DeviceObservation> sourceFinal, EquatableList<DeviceObservation> destinationFirst,
        EquatableList<DeviceObservation> afterResume)
    {
        if (Readings.SetSourceFinal(sourceFinal))
        {
            Feed(sourceFinal);
        }

        if (Readings.SetDestinationFirst(destinationFirst))
        {
            Feed(destinationFirst);
        }

        if (Readings.SetAfterResume(afterResume))
        {
            Feed(afterResume);
        }
    }

    public void AddSample(EquatableList<DeviceObservation> sample)
    {
        Readings.AddSample(sample);
        Feed(sample);
    }

    public void Judge()
    {
        IsJudging = true;
        Populate();
        foreach (Member member in _members.Values.Where(m => m.Judgement is null))
        {
            member.Ref?.Tell(new QueueCommand.Judge(Attempt));
        }
    }

    public void Hear(QueueWord word)
    {
        if (Find(word.Id) is not { } member)
        {
            return;
        }

        switch (word)
        {
            case QueueWord.Awake:
                TellAll(member);
                break;
            case QueueWord.ReadinessTold told when told.Attempt == Attempt:
                member.Readiness = told.Readiness;
                break;
            case QueueWord.Progressed progressed:
                member.Track = progressed.Track;
                break;
            case QueueWord.Judged judged when judged.Attempt == Attempt:
                member.Judgement = judged.Judgement;
                member.Activity = judged.Activity;
                break;
            default:
                break;
        }
    }

    /// <returns>False when the actor is none of this group.</returns>
    public bool HasDied(IActorRef actor, TimeSpan now)
    {
        if (_members.Values.FirstOrDefault(m => Equals(m.Ref, actor)) is not { } member)
        {
            return false;
        }

        member.Ref = null;
        member.Deaths.RemoveAll(at => now - at > s_window);
        member.Deaths.Add(now);
        if (member.Deaths.Count > MaxDeaths)
        {
            _log.Error("{0}: its actor died {1} times within {2} s and is given up; the queue stays unobserved", member.Id, member.Deaths.Count,
                s_window.TotalSeconds);
        }
        else
        {
            TimeSpan delay = s_firstDelay * Math.Pow(2, member.Deaths.Count - 1);
            _log.Warning("{0}: its actor died; it is started again in {1} ms", member.Id, delay.TotalMilliseconds);
            timers.StartSingleTimer($"queue {member.Name}", new QueueRestartDue(member.Name), delay);
        }

        return true;
    }

    public void Restart(QueueRestartDue due)
    {
        if (_members.TryGetValue(due.Name, out Member? member) && member.Ref is null)
        {
            Start(member);
        }
    }

    /// <summary>A device that was unplugged takes its queues with it.</summary>
    private void Populate()
    {
        HashSet<string> shown = Readings.Queues.Select(Member.NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (Member gone in _members.Values.Where(m => !shown.Contains(m.Name)).ToList())
        {
            Stop(gone);
            _members.Remove(gone.Name);
        }

        foreach (VirtqueueId id in Readings.Queues)
        {
            if (Find(id) is null)
            {
                Member member = new(id);
                _members.Add(member.Name, member);
                Start(member);
            }
        }
    }

    private void Start(Member member)
    {
        member.Ref = context.ActorOf(VirtqueueActor.Props(member.Id), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"queue-{++_born}"));
        context.Watch(member.Ref);
    }

    private void Stop(Member member)
    {
        timers.Cancel($"queue {member.Name}");
        if (member.Ref is { } actor)
        {
            context.Unwatch(actor);
            context.Stop(actor);
        }
    }

    private void TellAll(Member member)
    {
        member.Ref?.Tell(new QueueCommand.BeginAttempt(Attempt));
        foreach (VirtqueueObservation observation in Readings.Feed.SelectMany(devices => Of(devices, member.Id)))
        {
            member.Ref?.Tell(new QueueCommand.Observe(observation));
        }

        Compare(member);
        if (IsJudging && member.Judgement is null)
        {
            member.Ref?.Tell(new QueueCommand.Judge(Attempt));
        }
    }

    private void Compare(Member member)
    {
        if (member.Readiness is null && Readings is { SourceLayout: { } source, DestinationLayout: { } destination })
        {
            member.Ref?.Tell(new QueueCommand.Compare(Attempt, Configuration(source, member.Id), Configuration(destination, member.Id)));
        }
    }

    private void Feed(EquatableList<DeviceObservation> devices)
    {
        Populate();
        foreach (VirtqueueObservation observation in devices.SelectMany(d => d.Queues))
        {
            Find(observation.Id)?.Ref?.Tell(new QueueCommand.Observe(observation));
        }
    }

    private Member? Find(VirtqueueId id) => _members.GetValueOrDefault(Member.NameOf(id));

    private static IEnumerable<VirtqueueObservation> Of(EquatableList<DeviceObservation> devices, VirtqueueId id) =>
        devices.Where(d => d.DevicePath == id.DevicePath).SelectMany(d => d.Queues).Where(q => q.Id == id);

    private static QueueConfiguration? Configuration(SideLayout side, VirtqueueId id) =>
        side.Devices.FirstOrDefault(d => d.DevicePath == id.DevicePath) is { } device ? QueueConfiguration.Of(device, id.Index) : null;

    private sealed class Member(VirtqueueId id)
    {
        public VirtqueueId Id { get; } = id;

        public string Name { get; } = NameOf(id);

        public IActorRef? Ref { get; set; }

        public List<TimeSpan> Deaths { get; } = [];

        public bool GivenUp => Ref is null && Deaths.Count > MaxDeaths;

        public QueueReadiness? Readiness { get; set; }

        public VirtqueueTrack? Track { get; set; }

        public VirtqueueJudgement? Judgement { get; set; }

        public QueueActivity? Activity { get; set; }

        /// <summary>Sorts by device, then by index.</summary>
        public static string NameOf(VirtqueueId id) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{id.DevicePath} {id.Index:0000}");
    }
}

/// <summary>Time to start the actor of a queue again.</summary>
internal sealed record QueueRestartDue(string Name) : INoSerializationVerificationNeeded;
