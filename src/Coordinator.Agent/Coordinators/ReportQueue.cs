using System.Collections.Concurrent;
using Coordinator.Agent.Sessions;
using Coordinator.AgentProtocol;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Coordinators;

/// <summary>
/// Which VMs are to be reported and when: a stage that changed at once, other changes together after a moment, and everything that is in progress again and again, since a coordinator may have lost what
/// it was told: a second after the change, then after twice as long each time. What was lost is mended by the first repetitions; thousands of long copies, of which nothing changes, shall not cost a report
/// a second each.
/// </summary>
internal sealed class ReportQueue(VmSessions sessions, Action<VmReport> send)
{
    private static readonly TimeSpan s_together = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RepeatPace> _inProgress = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _signal = new(0);

    public void Changed(string vm, bool atOnce)
    {
        bool isNew = _changed.TryAdd(vm, atOnce);
        if (isNew || (atOnce && _changed.TryUpdate(vm, newValue: true, comparisonValue: false)))
        {
            _signal.Release();
        }
    }

    public void ChangedAll(IEnumerable<string> vms)
    {
        foreach (string vm in vms)
        {
            Changed(vm, atOnce: true);
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        long lookAt = Environment.TickCount64 + (long)s_look.TotalMilliseconds;
        while (!cancellation.IsCancellationRequested)
        {
            bool signalled = await _signal.WaitAsync(TimeSpan.FromMilliseconds(Math.Max(1, lookAt - Environment.TickCount64)), cancellation);
            if (signalled && !_changed.Values.Contains(true))
            {
                await Task.Delay(s_together, cancellation);
            }

            foreach (string vm in _changed.Keys)
            {
                // Taken off first: what changes while the report is made is reported again.
                if (_changed.TryRemove(vm, out _))
                {
                    await SendAsync(vm, RepeatPace.AfterChange(Environment.TickCount64));
                }
            }

            if (Environment.TickCount64 >= lookAt)
            {
                lookAt = Environment.TickCount64 + (long)s_look.TotalMilliseconds;
                foreach ((string vm, RepeatPace pace) in _inProgress.Where(entry => entry.Value.IsDue(Environment.TickCount64)).ToList())
                {
                    await SendAsync(vm, pace.AfterRepetition(Environment.TickCount64));
                }
            }
        }
    }

    private async Task SendAsync(string vm, RepeatPace next)
    {
        if (sessions.Find(vm) is not { } session)
        {
            _inProgress.Remove(vm);
            return;
        }

        VmReport report = await session.ReportAsync();
        if (IsInProgress(report))
        {
            _inProgress[vm] = next;
        }
        else
        {
            _inProgress.Remove(vm);
        }

        send(report);
    }

    private static bool IsInProgress(VmReport report) =>
        report.Source.Stage is not (nameof(SourceStage.Home) or nameof(SourceStage.NotObserved) or nameof(SourceStage.Gone))
        || report.Destination.Stage is not (nameof(DestinationStage.NotPrepared) or nameof(DestinationStage.Running) or nameof(DestinationStage.Refused));
}
