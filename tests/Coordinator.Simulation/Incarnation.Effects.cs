using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>What is outstanding, again and again until the facts no longer ask for it; and what the virtqueue actors would say.</summary>
public sealed partial class Incarnation
{
    private static readonly TimeSpan s_reportAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);

    private void AfterChange()
    {
        if (!_isPersisting && !SyncQueues())
        {
            Perform();
        }
    }

    /// <summary>True when the queues' word led to a decision, which goes on from there.</summary>
    private bool SyncQueues()
    {
        if (Active is not { } m || m.Attempt == AttemptNo.None)
        {
            return false;
        }

        if (m.Phase == MigrationPhase.PreparingDestination)
        {
            bool bothKnown = _entity.FencedReportOf(m.Source) is { Source.Stage: SourceStage.Home } && _entity.FencedReportOf(m.Destination) is { IsListening: true } d && d.Destination.Attempt == m.Attempt;
            AttemptNo ready = bothKnown ? m.Attempt : AttemptNo.None;
            if (_entity.QueuesReadyFor != ready)
            {
                _entity = _entity with { QueuesReadyFor = ready };
                Execute(reply: null);
                return true;
            }
        }

        bool noMoreWillCome = m.Phase == MigrationPhase.RollingBack && !_entity.State.Owed.Any(o => o.Attempt == m.Attempt);
        if (m is { Verdict: MigrationVerdict.Refused, QueuesJudged: false } && noMoreWillCome)
        {
            Execute(reply: null, new VmCommand.NoteJudgements(m.Attempt, []));
            return true;
        }

        return false;
    }

    private void Perform()
    {
        if (!_claimed || IsStopped || _isPersisting)
        {
            return;
        }

        IReadOnlyList<VmEffect> effects = world.Rules.Effects(_entity);
        ArmDeadlines(effects);
        foreach (VmEffect effect in effects)
        {
            if (effect is VmEffect.RaiseAlert alert)
            {
                world.Watch.Alerted(vm, alert.Attempt);
            }
        }

        Send(effects);
        if (Active is { Phase: MigrationPhase.Verifying } verifying && _verifying != verifying.Attempt)
        {
            _verifying = verifying.Attempt;
            node.After((verifying.Policy.VerifyMs * 1_000L) + _dice.Between(100, !world.Schedule.Leisure && _dice.Chance(0.1) ? 3_000_000 : 5_000), () => Take(() => Judge(verifying.Attempt)));
        }
    }

    private void Judge(AttemptNo attempt)
    {
        if (Active is { Phase: MigrationPhase.Verifying } m && m.Attempt == attempt)
        {
            _entity = _entity with { FoldedVerdict = MigrationVerdict.Verified };
            Execute(reply: null, new VmCommand.NoteJudgements(attempt, []));
        }
    }

    private void Send(IReadOnlyList<VmEffect> effects)
    {
        TimeSpan now = world.Agenda.Now;
        List<EffectSchedule.Key> wanted = [];
        foreach (VmEffect effect in effects)
        {
            if (VmEffects.HostOf(effect) is { } host)
            {
                wanted.Add(new EffectSchedule.Key(effect, LifeOf(host)));
            }
        }

        AddRefreshes(wanted, now);
        foreach ((VmEffect effect, long stepNo) in _schedule.TakeDue(wanted, now))
        {
            SendStep(effect, stepNo);
        }

        TimeSpan? next = _schedule.NextDue - now;
        if (Active is not null && (next is null || next > s_lookEvery))
        {
            next = s_lookEvery;
        }

        int drive = ++_drive;
        if (next is { } delay)
        {
            node.After(Math.Max(10_000, (long)delay.TotalMicroseconds), () =>
            {
                if (drive == _drive)
                {
                    Take(Perform);
                }
            });
        }
    }

    private void AddRefreshes(List<EffectSchedule.Key> wanted, TimeSpan now)
    {
        HashSet<HostName> hosts = wanted.Select(k => VmEffects.HostOf(k.Effect)!).ToHashSet();
        if (Active is { } m && m.Attempt > AttemptNo.None)
        {
            hosts.Add(m.Source);
            hosts.Add(m.Destination);
        }

        foreach (HostName host in hosts)
        {
            if (_entity.FencedReportOf(host) is not null && _views.TryGetValue(host, out View? view) && now - view.ReceivedAt >= s_reportAge)
            {
                wanted.Add(new EffectSchedule.Key(new VmEffect.Fence(host), LifeOf(host), view.Report.Sequence));
            }
        }
    }

    private Guid LifeOf(HostName host) => _views.TryGetValue(host, out View? view) ? view.Report.Life : Guid.Empty;

    private void SendStep(VmEffect effect, long stepNo)
    {
        StartPlan? plan = null;
        if (effect is VmEffect.Rehearse or VmEffect.StartAttempt)
        {
            if (_entity.State.Migration is not { } m || !_views.TryGetValue(m.Destination, out View? view))
            {
                return;
            }

            plan = new StartPlan(m.Attempt, world.AgentOf(m.Destination), view.Report.Stream, m.Policy.SwitchoverDeadlineMs);
            if (effect is VmEffect.StartAttempt start && (view.Report.Stream == LaunchId.None || view.Report.Report.Destination.Attempt != start.Attempt))
            {
                return;
            }
        }

        AgentNode agent = world.AgentOf(VmEffects.HostOf(effect)!);
        StoreInstanceId store = StoreInstanceId.None;
        if (effect is not VmEffect.Fence)
        {
            if (!_views.TryGetValue(agent.Host, out View? addressee))
            {
                return;
            }

            store = addressee.Report.Report.Store;
        }

        Step step = new(new Command(_entity.State.Epoch, _entity.State.Incarnation, effect), stepNo, store, plan);
        if (world.Tells && effect is not VmEffect.Fence)
        {
            world.Tell(ToString(), $"sends {effect.GetType().Name} to {agent.Name}");
        }

        world.Network.Send(node, agent, () => agent.Session(vm).HearStep(step));
    }

    private void ArmDeadlines(IReadOnlyList<VmEffect> effects)
    {
        foreach (VmEffect.ArmDeadline over in _armed.Where(a => !effects.Contains(a)).ToList())
        {
            _armed.Remove(over);
        }

        foreach (VmEffect effect in effects)
        {
            if (effect is VmEffect.ArmDeadline deadline && _armed.Add(deadline))
            {
                node.After(deadline.DurationMs * 1_000L, () => Take(() =>
                {
                    if (_armed.Contains(deadline))
                    {
                        world.Coverage.Saw($"deadline of {deadline.Phase}");
                        Execute(reply: null, new VmCommand.DeadlinePassed(deadline.Phase, deadline.Attempt));
                    }
                }));
            }
        }
    }
}
