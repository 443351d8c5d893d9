using Coordinator.Domain;
using Coordinator.Lab.Processes;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Chaos.Evidence;

/// <summary>
/// One QEMU as seen over a monitor of its own, which the agents know nothing of. Its monitor is made before its machine, and it stands still at its beginning in every launch by an
/// agent, so no RESUME comes before somebody listens, unless the listener is late by more than the agent.
/// </summary>
internal sealed class ObservedQemu : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<GuestRun> _runs = [];
    private readonly ProcessIdentity? _identity;
    private QmpConnection? _monitor;
    private bool _isKnown;

    private ObservedQemu(int pid, string host, string vm, LaunchId launch)
    {
        (Pid, Host, Vm, Launch) = (pid, host, vm, launch);
        _identity = ProcessIdentity.Of(pid);
    }

    public int Pid { get; }

    public string Host { get; }

    public string Vm { get; }

    public LaunchId Launch { get; }

    public bool IsAlive => _identity is { IsAlive: true };

    public IReadOnlyList<GuestRun> Runs
    {
        get
        {
            lock (_gate)
            {
                return [.. _runs];
            }
        }
    }

    public static async Task<ObservedQemu?> ConnectAsync(int pid, string socket, string host, string vm, LaunchId launch)
    {
        ObservedQemu observed = new(pid, host, vm, launch);
        try
        {
            observed._monitor = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(socket), QmpOptions.Default with { OnEvent = (_, happened) => observed.Hear(GuestEvent.Parse(happened)) });
            RunStatus status = await observed._monitor.QueryStatusAsync();
            observed.Begin(status.Status == "running");
            _ = observed.WatchEndAsync(observed._monitor);
            return observed;
        }
        catch (QmpException)
        {
            // It has ended, or is not that far yet: it is tried again.
            await observed.DisposeAsync();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_monitor is { } monitor)
        {
            await monitor.DisposeAsync();
        }
    }

    /// <summary>A guest that ran before anybody listened has run since then at least.</summary>
    private void Begin(bool runs)
    {
        lock (_gate)
        {
            if (!_isKnown && runs && (_runs.Count == 0 || _runs[^1].To is not null))
            {
                _runs.Add(new GuestRun(Host, Pid, DateTimeOffset.UtcNow, To: null));
            }

            _isKnown = true;
        }
    }

    private void Hear(GuestEvent happened)
    {
        lock (_gate)
        {
            switch (happened)
            {
                case GuestResumed when _runs.Count == 0 || _runs[^1].To is not null:
                    _runs.Add(new GuestRun(Host, Pid, happened.Timestamp, To: null));
                    break;
                case GuestStopped or GuestShutDown when _runs.Count > 0 && _runs[^1].To is null:
                    _runs[^1] = _runs[^1] with { To = happened.Timestamp };
                    break;
                default:
                    break;
            }
        }
    }

    private async Task WatchEndAsync(QmpConnection monitor)
    {
        await monitor.Closed;
        lock (_gate)
        {
            if (_runs.Count > 0 && _runs[^1].To is null)
            {
                _runs[^1] = _runs[^1] with { To = DateTimeOffset.UtcNow };
            }
        }
    }
}
