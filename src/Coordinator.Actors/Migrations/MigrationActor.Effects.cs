using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Failpoints;

namespace Coordinator.Actors.Migrations;

/// <summary>Performs what is outstanding, again and again until the facts no longer ask for it.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>
    /// A host of a migration, or one that something is wanted of, whose word is older than this is asked for a fresh one: a report may have been
    /// lost between two nodes without anybody noticing. Agents repeat theirs by themselves, soon after a change and later every 8 s.
    /// </summary>
    private static readonly TimeSpan s_reportAge = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_shortestDelay = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<VmEffect.ArmDeadline> _armed = [];

    private void Perform()
    {
        if (!_claimed)
        {
            return;
        }

        EquatableList<VmEffect> effects = VmEffects.Of(Entity);
        ArmDeadlines(effects.OfType<VmEffect.ArmDeadline>().ToList());
        AlertOfDoubt(effects.Any(e => e is VmEffect.RaiseAlert));
        AskHookByItself();
        Send(effects);
        if (Active is { Phase: MigrationPhase.Verifying } verifying)
        {
            StartVerifying(verifying);
        }
    }

    private void Send(EquatableList<VmEffect> effects)
    {
        TimeSpan now = Now;
        List<EffectSchedule.Key> wanted = effects.Where(e => VmEffects.HostOf(e) is not null)
            .Select(e => new EffectSchedule.Key(e, _views.LifeOf(VmEffects.HostOf(e)!))).ToList();
        wanted.AddRange(Refreshes(wanted.Select(k => VmEffects.HostOf(k.Effect)!).ToList(), now));
        foreach ((VmEffect effect, long stepNo) in _schedule.TakeDue(wanted, now))
        {
            if (StepComposer.Compose(_vm, State, _views, effect, stepNo) is { } step)
            {
                Mail(effect, new CoordinatorMessage { Step = step });
            }
        }

        TimeSpan? next = _schedule.NextDue - now;
        if (Active is not null && (next is null || next > s_lookEvery))
        {
            next = s_lookEvery;
        }

        if (next is { } delay)
        {
            Timers.StartSingleTimer(DriveDue.Instance, DriveDue.Instance, delay > s_shortestDelay ? delay : s_shortestDelay);
        }
        else
        {
            Timers.Cancel(DriveDue.Instance);
        }
    }

    private void Mail(VmEffect effect, CoordinatorMessage message)
    {
        HostName host = VmEffects.HostOf(effect)!;
        if (Failpoint.IsOn)
        {
            _ = MailLaterAsync(_parts.Mail, host, message, FailpointCatalogue.Before(StepPlace(effect)), _vm.Value);
            return;
        }

        _parts.Mail.Send(host, message);
    }

    private IEnumerable<EffectSchedule.Key> Refreshes(IReadOnlyList<HostName> wanted, TimeSpan now)
    {
        IEnumerable<HostName> migrating = Active is { } m && m.Attempt > AttemptNo.None ? [m.Source, m.Destination] : [];
        foreach (HostName host in wanted.Concat(migrating).Distinct())
        {
            if (Fenced(host) is { } view && now - view.ReceivedAt >= s_reportAge)
            {
                yield return new EffectSchedule.Key(new VmEffect.Fence(host), _views.LifeOf(host), view.Raw.Sequence);
            }
        }
    }

    private void ArmDeadlines(List<VmEffect.ArmDeadline> wanted)
    {
        foreach (VmEffect.ArmDeadline over in _armed.Except(wanted).ToList())
        {
            Timers.Cancel(over);
            _armed.Remove(over);
        }

        foreach (VmEffect.ArmDeadline deadline in wanted.Where(_armed.Add))
        {
            Timers.StartSingleTimer(deadline, new DeadlineDue(deadline), TimeSpan.FromMilliseconds(deadline.DurationMs));
        }
    }
}
