using System.Collections.Concurrent;
using Coordinator.Agent.Sessions;
using Coordinator.AgentProtocol;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Coordinators;

/// <summary>
/// Which VMs are to be reported and when: a stage that changed at once, other changes together after a moment, and everything that is in progress again every second, since a
/// coordinator may have lost what it was told.
/// </summary>
internal sealed class ReportQueue(VmSessions sessions, Action<VmReport> send)
{
    private static readonly TimeSpan s_together = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_repeat = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _inProgress = new(StringComparer.Ordinal);
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
        long repeatAt = Environment.TickCount64 + (long)s_repeat.TotalMilliseconds;
        while (!cancellation.IsCancellationRequested)
        {
            bool signalled = await _signal.WaitAsync(TimeSpan.FromMilliseconds(Math.Max(1, repeatAt - Environment.TickCount64)), cancellation);
            if (Environment.TickCount64 >= repeatAt)
            {
                repeatAt = Environment.TickCount64 + (long)s_repeat.TotalMilliseconds;
                ChangedAll(_inProgress.Keys);
            }

            if (signalled && !_changed.Values.Contains(true))
            {
                await Task.Delay(s_together, cancellation);
            }

            foreach (string vm in _changed.Keys)
            {
                // Taken off first: what changes while the report is made is reported again.
                if (_changed.TryRemove(vm, out _) && sessions.Find(vm) is { } session)
                {
                    Send(await session.ReportAsync());
                }
            }
        }
    }

    private void Send(VmReport report)
    {
        if (IsInProgress(report))
        {
            _inProgress[report.Vm] = true;
        }
        else
        {
            _inProgress.TryRemove(report.Vm, out _);
        }

        send(report);
    }

    private static bool IsInProgress(VmReport report) =>
        report.Source.Stage is not (nameof(SourceStage.Home) or nameof(SourceStage.NotObserved) or nameof(SourceStage.Gone))
        || report.Destination.Stage is not (nameof(DestinationStage.NotPrepared) or nameof(DestinationStage.Running) or nameof(DestinationStage.Refused));
}
