using Coordinator.Agent.Qemu;
using Coordinator.Agent.Recording;
using Coordinator.Agent.State;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Failpoints;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// All that this host does about one VM, as one sequence of inputs: input, decision of the pure domain, durable events to disk, the new state, what the state now asks for. The
/// same sequence serves the normal course and the restart of the agent.
/// </summary>
internal sealed partial class VmSession : IAsyncDisposable
{
    /// <summary>A disk that is full now may have room later.</summary>
    private const int RecordAgainMs = 500;

    private readonly SerialInbox<SessionInput> _inbox;
    private readonly EffectLedger<SourceEffect> _sourceEffects = new(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(400));
    private readonly EffectLedger<DestinationEffect> _destinationEffects = new(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(400));
    private readonly Timer _timer;
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly StepDesk _steps;
    private readonly SourceSide _sourceSide;
    private readonly DestinationSide _destinationSide;
    private readonly ReportWriter _report;
    private readonly Queue<SessionInput> _unrecorded = [];
    private Reported? _reported;

    public VmSession(string vm, AgentContext agent)
    {
        Vm = vm;
        Agent = agent;
        _logger = agent.Loggers.CreateLogger($"Coordinator.Agent.Vm.{vm}");
        _inbox = new SerialInbox<SessionInput>(HandleAsync);
        Records = VmRecords.Load(agent.Store, vm);
        History = agent.History?.Of(vm);
        Floor = Records.Floor;
        Source = new SourceHandoff { Records = Records.Source }.AfterRestart();
        Destination = new DestinationHandoff { Records = Records.Destination }.AfterRestart();
        agent.Slots.Recall(vm, Records.Source, Records.Destination);
        Guests = new GuestSet(this);
        _steps = new StepDesk(this);
        _sourceSide = new SourceSide(this);
        _destinationSide = new DestinationSide(this);
        _report = new ReportWriter(this);
        _timer = new Timer(_ => Post(new SessionInput.LookAgain()), state: null, Timeout.Infinite, Timeout.Infinite);
    }

    public string Vm { get; }

    public AgentContext Agent { get; }

    public VmRecords Records { get; }

    public GuestSet Guests { get; }

    /// <summary>Null unless somebody wants to judge this run.</summary>
    public VmHistory? History { get; }

    public ILogger Logger => _logger;

    public CancellationToken Stopping => _stop.Token;

    public SourceSide SourceSide => _sourceSide;

    public DestinationSide DestinationSide => _destinationSide;

    // What follows is touched only while an input is handled.
    public CommandFloor Floor { get; set; }

    public SourceHandoff Source { get; private set; }

    public DestinationHandoff Destination { get; private set; }

    /// <summary>Takes up what was there before this life of the agent: processes are attached, then everything is observed anew.</summary>
    public void Start() => Post(new SessionInput.ToldOnce(async () => await Guests.AdoptRecordedAsync()));

    public void Post(SessionInput input) => _inbox.Post(input);

    /// <summary>Continues inside the session what was awaited outside of it.</summary>
    public void Post(Func<ValueTask> rest) => _inbox.Post(new SessionInput.Resumed(rest));

    public void Post(Action rest) => _inbox.Post(new SessionInput.Resumed(() =>
    {
        rest();
        return ValueTask.CompletedTask;
    }));

    /// <summary>Begins something inside the session, and ends when that has ended, outside or not.</summary>
    public Task InsideAsync(Func<Task> begin)
    {
        TaskCompletionSource<Task> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => begun.TrySetResult(Begun(begin)));
        return begun.Task.Unwrap();
    }

    /// <summary>The whole report, made between two inputs.</summary>
    public Task<AgentProtocol.VmReport> ReportAsync()
    {
        TaskCompletionSource<AgentProtocol.VmReport> made = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => made.TrySetResult(_report.Make()));
        return made.Task;
    }

    /// <summary>Something in the report changed that no stage shows.</summary>
    public void ReportChanged(bool atOnce = false) => Agent.Coordinators.ReportChanged(Vm, atOnce);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _timer.DisposeAsync();
        await _sourceSide.DisposeAsync();
        await Guests.DisposeAsync();
        Records.Dispose();
    }

    /// <summary>Decides, makes durable, applies. Null for an input that only tells: its answer interests nobody.</summary>
    public async ValueTask<CommandReply> FeedAsync(SourceInput input)
    {
        Decision<CommandReply, SourceEvent> decision = SourceDecisions.Decide(Source, input);
        SourceHandoff next = decision.Events.Aggregate(Source, SourceDecisions.Apply);
        if (next.Records != Source.Records)
        {
            if (Failpoint.IsOn)
            {
                await SessionFailpoints.BeforeAsync(Vm, decision.Events);
            }

            await Records.AppendAsync(RecordCodec.Of(next.Records));
            if (Failpoint.IsOn)
            {
                await SessionFailpoints.AfterAsync(Vm, decision.Events);
            }
        }

        Become(next);
        return decision.Reply;
    }

    /// <inheritdoc cref="FeedAsync(SourceInput)"/>
    public async ValueTask<DestinationReply> FeedAsync(DestinationInput input)
    {
        string? asked = History?.Asked(input);
        Decision<DestinationReply, DestinationEvent> decision = DestinationDecisions.Decide(Destination, input);
        if (await _destinationSide.MakeDurableAsync(decision.Events) is { } next)
        {
            Become(next);
            History?.Answered(asked, decision.Reply.Register);
            return decision.Reply;
        }

        // The register cannot say any more what it holds: whoever asks for this attempt is answered "unknown".
        Become(new DestinationHandoff { Records = VmRecords.Forgotten(Destination.Records) });
        return input is DestinationInput.FromSource from
            ? DestinationReply.Of(from.Message.Attempt, Domain.Handoff.RegisterAnswer.Unknown)
            : decision.Reply;
    }

    public void Become(SourceHandoff next)
    {
        if (next.Records.ForeignRun > Source.Records.ForeignRun)
        {
            LogForeignRun(Vm, next.Attempt.Value);
        }

        History?.Became(Source, next);
        Source = next;
        Agent.Slots.Show(Vm, next);
    }

    public void Become(DestinationHandoff next)
    {
        if (next.ForeignRun && !Destination.ForeignRun)
        {
            LogForeignRun(Vm, next.Records.Attempt.Value);
        }

        History?.Became(Destination, next);
        Destination = next;
        Agent.Slots.Show(Vm, next);
    }

    /// <summary>What it throws before its first wait goes the same way as what it throws later.</summary>
    private static async Task Begun(Func<Task> begin) => await begin();

    private async ValueTask HandleAsync(SessionInput input)
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await ReceiveAsync(input);
            await SettleAsync();
        }
        catch (Exception e) when (e is AgentStoreException or FailpointException)
        {
            // Nothing was recorded, so nothing has happened: whoever sent the input repeats it, and effects are performed again. What is told once is kept.
            if (input is SessionInput.ToldOnce or SessionInput.QemuSaid { News.HasExited: true })
            {
                _unrecorded.Enqueue(input);
            }

            LogNotRecorded(Vm, e.Message);
            _timer.Change(RecordAgainMs, Timeout.Infinite);
        }
        catch (ObjectDisposedException) when (_stop.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // A defect in one VM's session must not end the handling of its later inputs, nor the other VMs: it is logged, and the state stays what it was.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogDefect(e, Vm, input.GetType().Name);
            _timer.Change(RecordAgainMs, Timeout.Infinite);
        }
    }

    private async ValueTask ReceiveAsync(SessionInput input)
    {
        switch (input)
        {
            case SessionInput.QemuSaid said:
                await HearAsync(said.News);
                break;
            case SessionInput.FromSource from:
                await _destinationSide.ReceiveAsync(from);
                break;
            case SessionInput.FromDestination from:
                await _sourceSide.ReceiveAsync(from);
                break;
            case SessionInput.SourceHappened happened:
                await _sourceSide.HappenedAsync(happened.Input);
                break;
            case SessionInput.DestinationHappened happened:
                await _destinationSide.HappenedAsync(happened.Input);
                break;
            case SessionInput.StepArrived step:
                await _steps.ReceiveAsync(step.Step);
                break;
            case SessionInput.Resumed resumed:
                await resumed.Rest();
                break;
            case SessionInput.ToldOnce once:
                await once.Rest();
                break;
            case SessionInput.LookAgain:
                await RecordAgainAsync();
                break;
            default:
                break;
        }
    }

    /// <summary>Without it a process that died while the disk was full would be waited for until this agent restarts (found by the simulator).</summary>
    private async ValueTask RecordAgainAsync()
    {
        // Taken out first: one that fails for another reason than the disk must not stand before the others for ever.
        for (int left = _unrecorded.Count; left > 0; left--)
        {
            SessionInput input = _unrecorded.Dequeue();
            try
            {
                await ReceiveAsync(input);
            }
            catch (Exception e) when (e is AgentStoreException or FailpointException)
            {
                _unrecorded.Enqueue(input);
                throw;
            }
        }
    }

    private async ValueTask HearAsync(QemuNews news)
    {
        if (!Guests.IsCurrent(news))
        {
            news.From.Observe();
            return;
        }

        // The event of old news still happened; what was seen with it is known better since.
        if (news.Sight is not null && news.Sequence <= news.From.HeardSequence)
        {
            news = news with { Sight = null, Loaded = null };
        }

        // The end is told by another thread than what was seen: a last sight that comes after it would bring the process back to life for good (found by the simulator).
        news.From.HeardSequence = news.HasExited ? long.MaxValue : Math.Max(news.From.HeardSequence, news.Sequence);
        await _sourceSide.HearAsync(news);
        await _destinationSide.HearAsync(news);
        if (news.HasExited)
        {
            await Guests.ExitedAsync(news.From);
        }
    }

    /// <summary>Performs what the state asks for and is not under way.</summary>
    private async ValueTask SettleAsync()
    {
        long now = Environment.TickCount64;
        await _sourceSide.WatchAsync(now);
        _sourceEffects.Perform(SourceDecisions.Effects(Source), now, _sourceSide.PerformAsync, Post);
        _destinationEffects.Perform(DestinationDecisions.Effects(Destination), now, _destinationSide.PerformAsync, Post);
        _sourceSide.Sample(now);
        await _destinationSide.AfterEffectsAsync(now);
        Guests.EndOrdered();
        NotifyChanges();
        ArmTimer(now);
    }

    /// <summary>
    /// A stage that changed is reported at once. "Not observed" is what every stage passes through after a command to QEMU: it is worth a report only when it lasts.
    /// </summary>
    private void NotifyChanges()
    {
        Reported now = new(SourceReport.Of(Source), DestinationReport.Of(Destination), Floor, Guests.Resident, Guests.Of(Guests.Resident)?.Sight);
        if (now == _reported)
        {
            return;
        }

        bool isStage = now.Source.Stage != _reported?.Source.Stage || now.Destination.Stage != _reported?.Destination.Stage;
        _reported = now;
        if (isStage)
        {
            LogStages(Vm, now.Source.Stage, now.Source.Attempt.Value, now.Destination.Stage, now.Destination.Attempt.Value);
        }

        ReportChanged(atOnce: isStage && now.Source.Stage != SourceStage.NotObserved && now.Destination.Stage != DestinationStage.NotObserved);
    }

    private void ArmTimer(long now)
    {
        long? due = new[] { _sourceEffects.NextDueMs, _destinationEffects.NextDueMs, _sourceSide.NextDueMs, _destinationSide.NextDueMs, Guests.NextDueMs,
            _unrecorded.Count > 0 ? now + RecordAgainMs : null }.Min();
        if (!_stop.IsCancellationRequested)
        {
            _timer.Change(due is { } at ? Math.Max(1, at - now) : Timeout.Infinite, Timeout.Infinite);
        }
    }

    private sealed record Reported(SourceReport Source, DestinationReport Destination, CommandFloor Floor, LaunchId Resident, QemuSight? Guest);

    [LoggerMessage(Level = LogLevel.Critical, Message = "ALARM: a copy of VM {Vm} runs without a grant (attempt {Attempt}): somebody else continued it. It is being stopped")]
    private partial void LogForeignRun(string vm, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "VM {Vm}: nothing was recorded, the input counts as not received: {Reason}")]
    private partial void LogNotRecorded(string vm, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "VM {Vm}: defect while handling {Input}")]
    private partial void LogDefect(Exception defect, string vm, string input);

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Vm}: source {Source} (attempt {SourceAttempt}), destination {Destination} (attempt {DestinationAttempt})")]
    private partial void LogStages(string vm, SourceStage source, int sourceAttempt, DestinationStage destination, int destinationAttempt);
}
