using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab.Processes;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Lab.Observers;

/// <summary>
/// Sits on the observer's monitor of every QEMU of one host and writes what QEMU itself says and when, by QEMU's own clock: runs, events and the end of the process. It sends
/// nothing but <c>query-name</c>, and <c>query-status</c> until no event came between its question and the answer; both again after each reconnection.
/// </summary>
public sealed class QemuObserver : IAsyncDisposable
{
    private static readonly QmpSessionOptions s_pauses = new() { FirstPause = TimeSpan.FromMilliseconds(2), LongestPause = TimeSpan.FromMilliseconds(20) };

    private readonly HostName _host;
    private readonly HistoryWriter _history;
    private readonly FileSystemWatcher _sockets;
    private readonly ConcurrentDictionary<string, Watched> _watched = new(StringComparer.Ordinal);

    private QemuObserver(HostName host, string folder, HistoryWriter history)
    {
        (_host, _history) = (host, history);
        _sockets = new FileSystemWatcher(folder, "*" + ObservedQemu.SocketExtension) { NotifyFilter = NotifyFilters.FileName };
        _sockets.Created += (_, made) => Watch(made.FullPath);
        _sockets.EnableRaisingEvents = true;
    }

    /// <param name="host">Whose agent has the folder's program as its QEMU binary.</param>
    /// <param name="folder">Of <see cref="ObservedQemu.Install"/>.</param>
    /// <param name="history">Where to; stays the caller's.</param>
    public static QemuObserver Start(string host, string folder, HistoryWriter history)
    {
        QemuObserver observer = new(new HostName(host), folder, history);
        foreach (string socket in Directory.EnumerateFiles(folder, "*" + ObservedQemu.SocketExtension))
        {
            observer.Watch(socket);
        }

        return observer;
    }

    /// <summary>Of this VM, those that have said its name.</summary>
    public IEnumerable<SeenQemu> Of(string vm) => _watched.Values.Select(watched => watched.Seen()).OfType<SeenQemu>().Where(seen => seen.Vm == vm);

    public async ValueTask DisposeAsync()
    {
        _sockets.Dispose();
        foreach (Watched watched in _watched.Values)
        {
            await watched.DisposeAsync();
        }
    }

    private void Watch(string socket)
    {
        string launch = Path.GetFileNameWithoutExtension(socket);
        if (Guid.TryParse(launch, CultureInfo.InvariantCulture, out Guid id) && !_watched.ContainsKey(socket))
        {
            _watched.GetOrAdd(socket, path => new Watched(path, _host, new LaunchId(id), _history)).Start();
        }
    }

    /// <summary>One QEMU. All members but disposal are called by the one connection that there is at a time.</summary>
    private sealed class Watched(string socket, HostName host, LaunchId launch, HistoryWriter history) : IAsyncDisposable
    {
        private readonly Copy _copy = Copy.OfLaunch(host, launch);
        private readonly Lock _gate = new();
        private readonly List<QmpEvent> _early = [];
        private readonly List<GuestRun> _seen = [];
        private QmpSession? _session;
        private LaunchTrace? _launched;
        private ProcessIdentity? _process;
        private VmName? _vm;
        private bool _runs;
        private bool _isGone;
        private int _begun;
        private int _heard;

        public void Start()
        {
            if (Interlocked.Exchange(ref _begun, 1) == 0)
            {
                _session = QmpSession.Start(
                    QmpEndpoint.Unix(socket), QmpOptions.Default with { OnEvent = (_, happened) => Hear(happened), ConnectDeadline = TimeSpan.FromSeconds(60) }, ServeAsync, IsGone, s_pauses);
            }
        }

        private LaunchTrace? Launched => _launched ??= ObservedQemu.TraceOf(socket);

        private ProcessIdentity? Process => _process ??= Launched is { } launched ? ProcessIdentity.Of(launched.Pid) : null;

        public SeenQemu? Seen()
        {
            lock (_gate)
            {
                return _vm is null ? null : new SeenQemu(host.Value, _vm.Value, launch, Process?.Pid ?? 0, !_isGone && Process is { IsAlive: true }, [.. _seen]);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_session is { } session)
            {
                await session.DisposeAsync();
            }
        }

        private async Task ServeAsync(QmpConnection monitor, CancellationToken ended)
        {
            // A QEMU that stands in `device` or is stopped answers late; its events wait in _early meanwhile.
            JsonElement name = await monitor.ExecuteAsync("query-name", deadline: Timeout.InfiniteTimeSpan, ct: ended);
            while (!await SeeAsync(monitor, new VmName(name.GetProperty("name").GetString()!), ended))
            {
            }
        }

        /// <returns>False when an event came meanwhile: the answer may be older than it (a guest that was continued between the two was taken for a stopped one).</returns>
        private async Task<bool> SeeAsync(QmpConnection monitor, VmName vm, CancellationToken ended)
        {
            int before = Volatile.Read(ref _heard);
            RunStatus run = RunStatus.Parse(await monitor.ExecuteAsync("query-status", deadline: Timeout.InfiniteTimeSpan, ct: ended));
            long now = HistoryClock.NowMicros();
            lock (_gate)
            {
                if (_heard != before)
                {
                    return false;
                }

                if (_vm is null)
                {
                    // The program's own trace, before it became QEMU: by now an agent may have sent its first commands, and on a busy machine the guest may have arrived.
                    LaunchTrace launched = Launched ?? throw new InvalidDataException($"{socket}: its QEMU has left no trace of its launch");
                    _vm = vm;
                    history.Add(new QemuLaunched(launched.AtMicros, _vm, _copy, launched.Pid, launched.Incoming, ByObserver: true));
                    _early.ForEach(Write);
                    _early.Clear();
                }

                // Events are not repeated after a reconnection: a run that began or ended meanwhile is known only from here.
                Runs(now, run.IsRunning);
                return true;
            }
        }

        private void Hear(QmpEvent happened)
        {
            lock (_gate)
            {
                _heard++;
                if (_vm is null)
                {
                    _early.Add(happened);
                }
                else
                {
                    Write(happened);
                }
            }
        }

        private void Write(QmpEvent happened)
        {
            long at = HistoryClock.Micros(happened.Timestamp);
            switch (GuestEvent.Parse(happened))
            {
                case MigrationStatusChanged changed:
                    history.Add(new EventSeen(at, _vm!, _copy, happened.Name, changed.Status, ByObserver: true));
                    break;
                case GuestStopped or GuestResumed:
                    history.Add(new EventSeen(at, _vm!, _copy, happened.Name, Status: null, ByObserver: true));
                    Runs(at, happened.Name == "RESUME");
                    break;
                default:
                    break;
            }
        }

        private void Runs(long at, bool runs)
        {
            if (runs != _runs)
            {
                _runs = runs;
                Keep(at, runs);
                history.Add(runs ? new RunBegan(at, _vm!, _copy) : new RunEnded(at, _vm!, _copy, ProcessEnded: false));
            }
        }

        private void Keep(long at, bool runs)
        {
            DateTimeOffset when = DateTimeOffset.UnixEpoch.AddMicroseconds(at);
            if (runs)
            {
                _seen.Add(new GuestRun(host.Value, Process?.Pid ?? 0, when, To: null));
            }
            else
            {
                _seen[^1] = _seen[^1] with { To = when };
            }
        }

        /// <summary>Asked after each end of a connection. QEMU never closes a monitor while it lives, and a dead one's socket refuses.</summary>
        private bool IsGone()
        {
            lock (_gate)
            {
                if (_isGone || Process is { IsAlive: true })
                {
                    return _isGone;
                }

                _isGone = true;
                if (_vm is null)
                {
                    return true;
                }

                long now = HistoryClock.NowMicros();
                if (_runs)
                {
                    Keep(now, runs: false);
                    history.Add(new RunEnded(now, _vm, _copy, ProcessEnded: true));
                }

                history.Add(new QemuExited(now, _vm, _copy, ByObserver: true));
                return true;
            }
        }
    }
}
