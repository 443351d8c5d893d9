using Coordinator.Agent.Channel;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Failpoints;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Sessions;

/// <summary>The source's part of one VM: hears its QEMU, performs what the domain asks for, talks to the destination agent.</summary>
internal sealed partial class SourceSide(VmSession session) : IAsyncDisposable
{
    private static readonly TimeSpan s_politeLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_killLimit = TimeSpan.FromSeconds(10);

    private readonly EffectGuard _guard = new(session);
    private readonly StandstillWatch _standstill = new();
    private readonly PeerAnswer _peer = new();
    private AttemptNo _unbuffered;
    private Task _unbuffering = Task.CompletedTask;

    private QemuInstance? Guest => session.Guests.Of(session.Guests.SourceLaunch);

    /// <summary>What the report says beyond the domain's state.</summary>
    public SourceFacts Facts { get; } = new(session.Records.Source.Started);

    public HandoffLink Link { get; } = new(session);

    public AttemptPlan? Plan { get; set; } = session.Records.Plan;

    public long? NextDueMs => new[] { _standstill.DueMs, SampleDueMs }.Min();

    public async ValueTask HearAsync(QemuNews news)
    {
        if (news.From.Launch != session.Guests.SourceLaunch)
        {
            return;
        }

        if (news.Event is { } guestEvent && news.From.Launch == session.Source.Records.Launch)
        {
            HearEvent(guestEvent);
        }

        if (news.HasExited)
        {
            Facts.Error = session.Source.Stage is SourceStage.Home or SourceStage.HandedOver ? Facts.Error : "the source's QEMU ended";
            await session.FeedAsync(new SourceInput.Observed(QemuView.Gone(news.From.Launch)));
            session.ReportChanged(atOnce: true);
            if (session.Source.Answer is Domain.Handoff.RegisterAnswer.Running)
            {
                Link.Close();
            }

        }
        else if (news.Sight is { } sight && !news.From.IsArriving)
        {
            SourceStage before = session.Source.Stage;
            await session.FeedAsync(new SourceInput.Observed(sight.AsSource(news.From.Launch)));
            AfterSight(news.From, before);
        }
    }

    public async ValueTask HappenedAsync(SourceInput input)
    {
        // After these the last observation is worthless, and so is every answer to a question that was asked before.
        if (input is SourceInput.MigrateIssued or SourceInput.ContinueIssued or SourceInput.YankIssued)
        {
            Guest?.Invalidate();
        }

        await session.FeedAsync(input);
    }

    public async ValueTask ReceiveAsync(SessionInput.FromDestination from)
    {
        if (from.Frame.Attempt != session.Source.Attempt.Value)
        {
            return;
        }

        if (from.Frame.MessageCase == DestinationFrame.MessageOneofCase.Pong)
        {
            _peer.Heard(session.Source.Attempt);
            return;
        }

        if (from.Frame.MessageCase != DestinationFrame.MessageOneofCase.Answer)
        {
            return;
        }

        var answer = (Domain.Handoff.RegisterAnswer)((int)from.Frame.Answer.Register - 1);
        if (!Enum.IsDefined(answer))
        {
            return;
        }

        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.After(SessionFailpoints.Answer(answer)), session.Vm);
        }

        bool decides = answer is Domain.Handoff.RegisterAnswer.Run or Domain.Handoff.RegisterAnswer.Running or Domain.Handoff.RegisterAnswer.Refused;
        if (decides && Facts.Times.Answered == 0)
        {
            Facts.Times.Answered = from.ReceivedMicros;
            session.Logger.LogInformation("VM {Vm}: switchover at the source, {Moments}", session.Vm, SwitchoverMoments.Of(Facts.Times));
        }

        if (answer == Domain.Handoff.RegisterAnswer.GateClosed)
        {
            Facts.Error = from.Frame.Answer.GateFindings.Count == 0 ? "the parity gate at the destination is closed" : string.Join("; ", from.Frame.Answer.GateFindings);
        }

        Facts.FirstAnswer.TrySetResult();
        session.History?.Heard(session.Source.Attempt, session.Source.Records.DestinationStore, answer);
        await session.FeedAsync(new SourceInput.RegisterAnswered(new RegisterReply(new AttemptNo(from.Frame.Attempt), answer)));
    }

    /// <summary>The attempt begins: nothing of the one before is its own.</summary>
    public void Begin(AttemptPlan plan)
    {
        Plan = plan;
        Facts.BeginAttempt(plan.Attempt);
        _standstill.Reset();
    }

    /// <summary>Every stopped state of the source has a deadline, after a restart of the agent too: a silent coordinator never means a frozen guest.</summary>
    public async ValueTask WatchAsync(long nowMs)
    {
        TimeSpan deadline = Plan is { } plan && plan.Attempt == session.Source.Attempt ? plan.SwitchoverDeadline : TimeSpan.FromSeconds(5);
        if (_standstill.HasPassed(session.Source, session.Guests.SourceLaunch, deadline, nowMs))
        {
            session.Logger.LogWarning("VM {Vm}: the guest has stood still for {Deadline} ms ({Stage}); the switchover is broken off", session.Vm, deadline.TotalMilliseconds, session.Source.Stage);
            if (Facts.Error.Length == 0)
            {
                Facts.Error = $"the guest stood still for longer than {deadline.TotalMilliseconds:0} ms (switchover deadline), so the switchover was broken off";
            }

            await session.FeedAsync(new SourceInput.SwitchoverDeadlinePassed(session.Source.Attempt));
        }
    }

    public async ValueTask DisposeAsync() => await Link.DisposeAsync();

    private void HearEvent(GuestEvent guestEvent)
    {
        if (session.Source.Stage is SourceStage.Home or SourceStage.Gone && guestEvent is not GuestResumed)
        {
            return;
        }

        long at = HostClock.Micros(guestEvent.Timestamp);
        SourceTimes times = Facts.Times;
        switch (guestEvent)
        {
            case GuestStopped when times.Stop == 0:
                times.Stop = at;

                // Answered while QEMU is still on its way to pre-switchover: it costs the blackout nothing.
                _peer.Forget();
                _ = Link.TrySend(PingOf(session.Source.Attempt));
                break;
            case MigrationStatusChanged { Status: "pre-switchover" }:
                times.PreSwitchover = at;
                break;
            case MigrationStatusChanged { Status: "device" }:
                times.Device = at;
                break;
            case MigrationStatusChanged { Status: "completed" }:
                times.Completed = at;
                break;
            case MigrationPassBegan pass:
                _pass = (int)pass.Pass;
                _sampleDueMs = 0;
                break;
            default:
                break;
        }
    }

    private void AfterSight(QemuInstance guest, SourceStage before)
    {
        SourceStage now = session.Source.Stage;
        if (now is SourceStage.Home && Facts.LayoutOf != guest.Launch)
        {
            ReadLayout();
        }

        if (now is SourceStage.Switching or SourceStage.HandedOver or SourceStage.Stranded or SourceStage.Resuming)
        {
            Facts.StoodStill = true;
        }

        if (session.Source is { View.Status: MigrationStatus.Active or MigrationStatus.PreSwitchover } source && source.Attempt != _unbuffered && Plan is { } plan)
        {
            _unbuffered = source.Attempt;
            _unbuffering = Task.Run(() => SendWithoutDelay(guest, plan.StreamUri), session.Stopping);
        }

        // Said while the attempt is not over: it is why it ends. The stopped process is the VM's last state, for its owner to look at and to stop.
        if (guest.Sight is { Run: RunState.Shutdown } && now is SourceStage.Copying or SourceStage.Switching && Facts.Error.Length == 0)
        {
            Facts.Error = "the guest shut itself down";
        }

        bool isOver = now == SourceStage.Home && before is not (SourceStage.Home or SourceStage.Gone) && session.Source.Attempt != AttemptNo.None
            && session.Source.Issued >= session.Source.Attempt && guest.Launch == session.Source.Records.Launch;
        if (isOver && !Facts.IsSettled)
        {
            Facts.IsSettled = true;
            Link.Close();
            _ = SettleAtHomeAsync(guest, Facts.StoodStill && guest.Sight?.Run == RunState.Running);
        }

        if (session.Source.View is { Status: MigrationStatus.Failed or MigrationStatus.Cancelled } && Facts.Error.Length == 0)
        {
            _ = FetchErrorAsync(guest, session.Source.Attempt);
        }
    }

    /// <summary>The guest stays here: give its power button back, and let the network know where it is.</summary>
    private async Task SettleAtHomeAsync(QemuInstance guest, bool announce)
    {
        try
        {
            await guest.DisarmAsync();
            if (PausesOnShutdown(guest))
            {
                await guest.PowerOffOnShutdownAsync();
            }

            if (announce)
            {
                await guest.AnnounceAsync();
            }
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or OperationCanceledException)
        {
            session.Logger.LogInformation("VM {Vm}: after the attempt: {Reason}", session.Vm, e.Message);
        }
    }

    private void SendWithoutDelay(QemuInstance guest, string streamUri)
    {
        if (session.Agent.Host.Driver == HypervisorDriver.Simulated)
        {
            // It sets the option itself; to look for its socket costs a reading of all connections of the machine.
            return;
        }

        try
        {
            int connections = StreamNoDelay.Set(guest.Process, streamUri);
            session.Logger.LogDebug("VM {Vm}: {Count} connection(s) of the stream send without delay", session.Vm, connections);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            session.Logger.LogInformation("VM {Vm}: the stream {Uri} may wait up to 40 ms in the blackout: {Reason}", session.Vm, streamUri, e.Message);
        }
    }

    private async Task FetchErrorAsync(QemuInstance guest, AttemptNo attempt)
    {
        try
        {
            string error = (await guest.QueryMigrateAsync()).ErrorDescription ?? "";
            session.Post(() =>
            {
                if (error.Length > 0 && session.Source.Attempt == attempt && Facts.Error.Length == 0)
                {
                    Facts.Error = error;
                    session.ReportChanged();
                }
            });
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or OperationCanceledException)
        {
            session.Logger.LogDebug("VM {Vm}: no error text: {Reason}", session.Vm, e.Message);
        }
    }

    /// <summary>Definitions that say themselves what a shutdown does keep their own word.</summary>
    private bool PausesOnShutdown(QemuInstance guest)
    {
        string yaml = session.Guests.RecordOf(guest.Launch)?.DefinitionYaml ?? "";
        return !yaml.Contains("-no-shutdown", StringComparison.Ordinal) && !yaml.Contains("-action", StringComparison.Ordinal);
    }
}
