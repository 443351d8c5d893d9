using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Virtqueues;
using Coordinator.Qmp;

namespace Coordinator.Agent.Sessions;

internal sealed partial class DestinationSide
{
    private static readonly TimeSpan s_killLimit = TimeSpan.FromSeconds(10);

    private bool _isListeningAgain;

    /// <summary>Starts one effect inside the session; what it awaits ends outside, and comes back as an input.</summary>
    public Task PerformAsync(DestinationEffect effect, int times)
    {
        if (effect is DestinationEffect.LaunchIncoming launch)
        {
            return GuardAsync(effect, () => LaunchAsync(launch.Attempt, launch.Launch));
        }

        LaunchId launchId = session.Destination.Records.Launch;
        if (Guest is not { } guest)
        {
            if (session.Guests.IsGone(launchId))
            {
                session.Post(new SessionInput.DestinationHappened(new DestinationInput.Observed(QemuView.Gone(launchId))));
            }

            return Task.CompletedTask;
        }

        return GuardAsync(effect, () => effect switch
        {
            DestinationEffect.Observe => ObserveAsync(guest),
            DestinationEffect.JudgeGate judge => JudgeAsync(judge.Attempt, guest),
            DestinationEffect.ContinueGuest go => ContinueAsync(go.Attempt, guest),
            DestinationEffect.EndQemu end when end.Launch == guest.Launch => guest.EndAsync(TimeSpan.Zero, s_killLimit),
            DestinationEffect.StopForeignRun stop when stop.Launch == guest.Launch => guest.StopGuestAsync(),
            _ => Task.CompletedTask,
        });
    }

    private static Task ObserveAsync(QemuInstance guest)
    {
        guest.Observe();
        return Task.CompletedTask;
    }

    private Task GuardAsync(DestinationEffect effect, Func<Task> perform) => _guard.PerformAsync(effect.GetType().Name, () => SessionFailpoints.Effect(effect), perform);

    private async Task JudgeAsync(AttemptNo attempt, QemuInstance guest)
    {
        if (Facts.Released is not { } released)
        {
            return;
        }

        if (Facts.First is not { } first)
        {
            (FinalReading reading, QemuSight sight, _) = await guest.ReadFinalAsync();
            if (!sight.AsDestination(guest.Launch).IsLoaded)
            {
                return;
            }

            session.Post(() => Facts.First ??= reading);
            first = reading;
        }

        ParityGateResult gate = Judge(released, first);
        if (gate.IsOpen)
        {
            session.Post(new SessionInput.DestinationHappened(new DestinationInput.GateJudged(attempt, IsOpen: true)));
            return;
        }

        session.Logger.LogError("VM {Vm}: the parity gate of attempt {Attempt} is {Summary}", session.Vm, attempt.Value, gate.Summary);
        session.Post(() => Facts.GateFindings = gate.Reasons);
        session.Post(new SessionInput.DestinationHappened(new DestinationInput.GateJudged(attempt, IsOpen: false)));
    }

    private static ParityGateResult Judge(Released released, FinalReading first)
    {
        try
        {
            return ParityGate.Judge(ReadingMapping.ToDomain(released.FinalRecords, RingSide.Source), ReadingMapping.ToDomain(first.Devices, RingSide.Destination));
        }
        catch (ArgumentException e)
        {
            return new ParityGateResult([new DeviceFinding("", $"a record cannot be read: {e.Message}")], []);
        }
    }

    private async Task ContinueAsync(AttemptNo attempt, QemuInstance guest)
    {
        // Nothing can be sent, and what was never sent must not count as sent: when this copy turns out to be dead, `run` is withdrawn and the source has the guest back.
        if (guest.Process.HasExited || !guest.IsConnected)
        {
            return;
        }

        // Noted before it is sent, so that an unanswered one counts as sent. It is not durable: a register that says run is all that a new life of this agent needs.
        session.Become(DestinationDecisions.Decide(session.Destination, new DestinationInput.ContinueSending(attempt)).Events.Aggregate(session.Destination, DestinationDecisions.Apply));
        guest.Invalidate();
        Facts.Times.ContSent = Facts.Times.ContSent == 0 ? HostClock.NowMicros() : Facts.Times.ContSent;
        Task answered = guest.ContinueGuest();

        try
        {
            await answered;
        }
        catch (QmpCommandException e)
        {
            session.Post(() =>
            {
                Facts.Error = $"QEMU refused cont: {e.Description}";
                if (session.Destination.View is not { GuestRuns: true })
                {
                    session.Post(new SessionInput.DestinationHappened(new DestinationInput.ContinueRefused(attempt)));
                }
            });
        }
    }

    private DestinationFrame AnswerRehearsal(SourceFrame frame, long receivedMicros)
    {
        // The very code of the handoff: readings are read, judged, and the register of this attempt is written as it is.
        try
        {
            IReadOnlyList<DeviceObservation> source = ReadingMapping.ToDomain(frame.Rehearse.Readings, RingSide.Source);
            _ = ParityGate.Judge(source, ReadingMapping.ToDomain(frame.Rehearse.Readings, RingSide.Destination)).IsOpen;
        }
        catch (ArgumentException e)
        {
            session.Logger.LogWarning("VM {Vm}: the rehearsal's records cannot be read: {Reason}", session.Vm, e.Message);
        }

        bool isOurs = frame.Attempt == session.Destination.Records.Attempt.Value;
        if (isOurs && frame.Rehearse.Round == 1 && Guest is { IsArriving: true } guest)
        {
            _ = ArmAsync(guest, frame.Rehearse.Readings);
        }

        TimeSpan? sync = isOurs ? session.Records.Register?.Rehearse() : null;
        return new DestinationFrame
        {
            Vm = session.Vm,
            Attempt = frame.Attempt,
            Rehearsed = new Rehearsed
            {
                Sent = frame.Rehearse.Sent,
                Round = frame.Rehearse.Round,
                Received = receivedMicros,
                SyncMicros = (long)(sync?.TotalMicroseconds ?? 0),
                Answered = HostClock.NowMicros(),
            },
        };
    }

    /// <summary>
    /// For the rings as the source has them now: this side learns how many queue pairs the guest uses only from the stream. What is not armed is asked in the ordinary way.
    /// </summary>
    private async Task ArmAsync(QemuInstance guest, IReadOnlyList<DeviceReading> layout)
    {
        try
        {
            await guest.ArmAsync(layout);
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or OperationCanceledException or ArgumentException)
        {
            session.Logger.LogInformation("VM {Vm}: nothing is armed at the destination: {Reason}", session.Vm, e.Message);
        }
    }
}
