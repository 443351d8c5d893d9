using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Failpoints;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Sessions;

internal sealed partial class SourceSide
{
    /// <summary>
    /// The final indices go to disk when the destination has answered, or after this: on one machine the two agents share a disk, and the register's sync is what the guest
    /// waits for. The record only matters if this QEMU dies.
    /// </summary>
    private static readonly TimeSpan s_completionDelay = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan s_unbufferLimit = TimeSpan.FromMilliseconds(3);

    /// <summary>An answer takes half a millisecond; what is not answered within this is asked again.</summary>
    private static readonly TimeSpan s_peerLimit = TimeSpan.FromMilliseconds(100);

    private Task<Released>? _readingFinal;

    /// <summary>Starts one effect inside the session; what it awaits ends outside, and comes back as an input.</summary>
    public Task PerformAsync(SourceEffect effect, int times)
    {
        LaunchId launch = session.Guests.SourceLaunch;
        if (effect is SourceEffect.Observe)
        {
            return GuardAsync(effect, () => ObserveAsync(launch));
        }

        if (effect is SourceEffect.SendToDestination send)
        {
            return GuardAsync(effect, () => SendAsync(send.Message, times));
        }

        return Guest is { } guest ? GuardAsync(effect, () => PerformAsync(effect, guest, times)) : Task.CompletedTask;
    }

    private Task PerformAsync(SourceEffect effect, QemuInstance guest, int times) => effect switch
    {
        SourceEffect.IssueMigrate issue => IssueMigrateAsync(issue.Attempt, guest),
        SourceEffect.CancelMigrate => CancelAsync(guest),
        SourceEffect.ContinueSwitchover go => ContinueSwitchoverAsync(go.Attempt, guest, times),
        SourceEffect.YankStream yank => YankAsync(yank.Attempt, guest),
        SourceEffect.RecordCompletion record => RecordCompletionAsync(record.Attempt),
        SourceEffect.ContinueGuest go when go.Launch == guest.Launch => guest.ContinueGuest(),
        SourceEffect.StopForeignRun stop when stop.Launch == guest.Launch => guest.StopGuestAsync(),
        SourceEffect.EndQemu end when end.Launch == guest.Launch => guest.EndAsync(s_politeLimit, s_killLimit),
        _ => Task.CompletedTask,
    };

    private Task ObserveAsync(LaunchId launch)
    {
        if (session.Guests.IsGone(launch))
        {
            session.Post(new SessionInput.SourceHappened(new SourceInput.Observed(QemuView.Gone(launch))));
        }
        else
        {
            Guest?.Observe();
        }

        return Task.CompletedTask;
    }

    private Task GuardAsync(SourceEffect effect, Func<Task> perform) => _guard.PerformAsync(effect.GetType().Name, () => SessionFailpoints.Effect(effect), perform);

    private async Task IssueMigrateAsync(AttemptNo attempt, QemuInstance guest)
    {
        void Issued() => session.Post(new SessionInput.SourceHappened(new SourceInput.MigrateIssued(attempt)));

        string? refused = "the plan of this attempt is not known here any more";
        if (Plan is { } plan && plan.Attempt == attempt)
        {
            refused = await guest.MigrateAsync(plan.StreamUri, plan.Settings, PausesOnShutdown(guest), Issued);
        }
        else
        {
            Issued();
        }

        if (refused is not null)
        {
            session.Post(() => Facts.Error = refused);
        }
    }

    private static async Task CancelAsync(QemuInstance guest)
    {
        await guest.CancelMigrationAsync();
        guest.Observe();
    }

    private async Task ContinueSwitchoverAsync(AttemptNo attempt, QemuInstance guest, int times)
    {
        // From here on only the register decides: a guest whose destination agent is away would stand still until it is back. Until it answers the migration can still be taken back, which
        // the deadline does.
        if (!_peer.HasAnswered(attempt))
        {
            Send(PingOf(attempt), times);
            if (!await _peer.AnswersAsync(attempt, s_peerLimit, session.Stopping))
            {
                return;
            }
        }

        // A guest so small that it was copied at once: some milliseconds here are worth the 40 that the stream may wait otherwise.
        if (!_unbuffering.IsCompleted)
        {
            await Task.WhenAny(_unbuffering, Task.Delay(s_unbufferLimit, session.Stopping));
        }

        long sent = HostClock.NowMicros();
        Task answered = guest.ContinueSwitchover();
        Facts.Times.ContinueSent = Facts.Times.ContinueSent == 0 ? sent : Facts.Times.ContinueSent;

        // At once and not with QEMU's answer: what QEMU says after this moment was seen after the command.
        session.Post(new SessionInput.SourceHappened(new SourceInput.ContinueIssued(attempt)));
        await answered;
    }

    private async Task YankAsync(AttemptNo attempt, QemuInstance guest)
    {
        if (guest.IsConnected)
        {
            await guest.YankAsync();
        }
        else if (Plan is { } plan)
        {
            int broken = await Task.Run(() => StreamBreaker.Break(guest.Process.Identity.Pid, plan.StreamUri), session.Stopping);
            session.Logger.LogWarning("VM {Vm}: the monitor does not answer; {Count} connection(s) of the stream {Uri} were ended through the kernel", session.Vm, broken, plan.StreamUri);
        }

        session.Post(new SessionInput.SourceHappened(new SourceInput.YankIssued(attempt)));
    }

    private async Task SendAsync(SourceMessage message, int times)
    {
        SourceFrame frame = new()
        {
            Vm = session.Vm,
            Attempt = message.Attempt.Value,
            DestinationStore = WireIds.ToWire(message.DestinationStore.Value),
        };
        if (message is SourceMessage.Released released)
        {
            Released final = await FinalAsync(message.Attempt);
            final.GuestWasRunning = released.GuestWasRunning;
            frame.Released = final;
        }
        else
        {
            frame.Refuse = new Refuse();
        }

        if (Failpoint.IsOn)
        {
            await Failpoint.HitAsync(FailpointCatalogue.Before(SessionFailpoints.Message(message)), session.Vm);
        }

        long sent = HostClock.NowMicros();
        Send(frame, times);
        if (frame.Released is not null && Facts.Times.ReleasedSent == 0)
        {
            Facts.Times.ReleasedSent = sent;
        }
    }

    private SourceFrame PingOf(AttemptNo attempt) => new() { Vm = session.Vm, Attempt = attempt.Value, DestinationStore = WireIds.ToWire(session.Source.Records.DestinationStore.Value), Ping = new Ping() };

    /// <param name="frame">For the destination's agent.</param>
    /// <param name="times">How often it was sent before.</param>
    private void Send(SourceFrame frame, int times)
    {
        bool direct = Link.TrySend(frame);
        if (direct && times == 0)
        {
            return;
        }

        // Not connected, or unanswered so far: a coordinator may get through. It carries and never grants.
        if (Plan is { } plan)
        {
            Link.Dial(plan.HandoffAddress, plan.DestinationHost);
            session.Agent.Coordinators.Carry(new CarriedHandoff
            {
                FromHost = session.Agent.Host.HostId,
                ToHost = plan.DestinationHost,
                Vm = session.Vm,
                Frame = Google.Protobuf.MessageExtensions.ToByteString(frame),
            });
        }
    }

    /// <summary>The final indices of the completed attempt: from memory, from the living QEMU, or from disk.</summary>
    private Task<Released> FinalAsync(AttemptNo attempt)
    {
        if (Facts.Final is { } known)
        {
            return Task.FromResult(known);
        }

        if (session.Records.Final is { } stored && stored.Attempt == attempt)
        {
            return Task.FromResult(stored.Released);
        }

        if (_readingFinal is not { IsCompleted: false })
        {
            _readingFinal = ReadFinalAsync(Guest ?? throw new QemuUnreachableException("the source's QEMU is not watched yet"));
        }

        return _readingFinal;
    }

    private async Task<Released> ReadFinalAsync(QemuInstance guest)
    {
        (FinalReading reading, QemuSight sight, MigrationInfo migration) = await guest.ReadFinalAsync();

        // `completed` is said a moment before `postmigrate` is reached; released is only what is in it. The rings do not change any more meanwhile: the guest stands still, and
        // nothing but a failure of this migration lets it go on here.
        while (sight is not { Run: RunState.PostMigrate, Status: MigrationStatus.Completed })
        {
            if (sight.Run is not (RunState.FinishMigrate or RunState.PostMigrate))
            {
                throw new QemuUnreachableException($"the source's QEMU is in {sight.Run}, and not handed over");
            }

            (sight, migration) = await guest.ReadStatesAsync();
        }

        Released released = new();
        released.FinalRecords.AddRange(reading.Devices);
        session.Post(() => NoteFinal(released, reading, migration));
        return released;
    }

    private void NoteFinal(Released released, FinalReading reading, MigrationInfo migration)
    {
        Facts.Final = released;
        SourceTimes times = Facts.Times;
        times.RecordsRead = reading.ReadMicros;
        times.QemuDowntimeMs = migration.DowntimeMs ?? 0;
        times.QemuTotalMs = migration.TotalTimeMs ?? 0;
        times.TransferredBytes = migration.Ram?.TransferredBytes ?? 0;
        session.ReportChanged(atOnce: true);
    }

    private async Task RecordCompletionAsync(AttemptNo attempt)
    {
        Released final = await FinalAsync(attempt);
        await Task.WhenAny(Facts.FirstAnswer.Task, Task.Delay(s_completionDelay, session.Stopping));
        await session.Records.AppendAsync(RecordCodec.OfFinal(attempt, final));
        session.Post(new SessionInput.SourceHappened(new SourceInput.CompletionStored(attempt)));
    }
}
