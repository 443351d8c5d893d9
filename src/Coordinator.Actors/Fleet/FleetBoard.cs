using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>
/// Every VM as this node knows it, in memory, fed by the entities of all nodes. The newest version of a VM wins, whichever way it came. Whoever looks gets whole pictures, each made once for all
/// of them and at most four times a second; one who is slow misses some, and nothing waits for him.
/// </summary>
public sealed class FleetBoard
{
    /// <summary>VMs of which nothing goes on. Those that changed longest ago are forgotten first; one that is unfinished never is.</summary>
    internal const int MaxSettled = 50_000;

    /// <summary>Forgotten at once when there are too many, so that it does not happen at every change.</summary>
    private const int Slack = 1_000;

    private static readonly TimeSpan s_pictureEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _turn = new();
    private readonly Dictionary<string, VmSummary> _vms = new(StringComparer.Ordinal);
    private readonly RecentMigrations _recent;
    private readonly TimeProvider _clock;
    private readonly int _maxSettled;
    private ImmutableHashSet<string> _lostNodes = [];
    private FleetPicture _picture = FleetPicture.Empty;
    private DateTimeOffset _pictureAt;
    private long _version;
    private int _viewers;
    private int _settled;
    private bool _isFilled;

    public FleetBoard(TimeProvider clock)
        : this(clock, MaxSettled)
    {
    }

    internal FleetBoard(TimeProvider clock, int maxSettled)
    {
        _clock = clock;
        _maxSettled = maxSettled;
        _recent = new RecentMigrations(clock);
    }

    /// <summary>How many look now.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    /// <summary>Somebody looks and nobody did before.</summary>
    internal event Action? LookedAt;

    /// <returns>False for what is older than what is known.</returns>
    internal bool Show(VmSummary vm)
    {
        lock (_turn)
        {
            if (_vms.TryGetValue(vm.Vm, out VmSummary? known) && !IsNewer(vm, known))
            {
                return false;
            }

            _settled += (IsSettled(vm) ? 1 : 0) - (known is not null && IsSettled(known) ? 1 : 0);
            _vms[vm.Vm] = vm;
            _recent.Note(vm);
            _version++;
            if (_settled > _maxSettled + Slack)
            {
                ForgetOldest();
            }

            return true;
        }
    }

    /// <summary>What the journal says; any word of a living entity is newer.</summary>
    public void Fill(FleetHistory history)
    {
        lock (_turn)
        {
            foreach (EndedMigration ended in history.Migrations)
            {
                _recent.Note(ended.Id, ended.RequestedAtUnixMs, ended.EndedAtUnixMs, ended.Outcome);
            }

            foreach (VmSummary vm in history.Vms)
            {
                Show(vm);
            }

            _isFilled = true;
            _version++;
        }
    }

    /// <param name="nodes">Addresses of the nodes that are gone or unreachable.</param>
    internal void ShowLost(ImmutableHashSet<string> nodes)
    {
        lock (_turn)
        {
            if (!_lostNodes.SetEquals(nodes))
            {
                _lostNodes = nodes;
                _version++;
            }
        }
    }

    /// <summary>The fleet now and after every change, at most every 250 ms, until it is no longer wanted.</summary>
    public async IAsyncEnumerable<FleetPicture> Look([EnumeratorCancellation] CancellationToken stop)
    {
        if (Interlocked.Increment(ref _viewers) == 1)
        {
            LookedAt?.Invoke();
        }

        try
        {
            // An in-memory number is looked at: nothing to subscribe to, nothing to forget, and no buffer that could run over.
            using PeriodicTimer tick = new(s_pictureEvery, _clock);
            long shown = -1;
            do
            {
                FleetPicture picture = Picture();
                if (picture.Version != shown)
                {
                    shown = picture.Version;
                    yield return picture;
                }
            }
            while (await tick.WaitForNextTickAsync(stop).ConfigureAwait(false));
        }
        finally
        {
            Interlocked.Decrement(ref _viewers);
        }
    }

    /// <summary>As it is, or was a quarter of a second ago.</summary>
    public FleetPicture Picture()
    {
        lock (_turn)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            RecentCounts recent = _recent.Count();
            if (recent != _picture.Recent)
            {
                _version++;
            }

            if (_picture.Version == _version || (now - _pictureAt < s_pictureEvery && _picture.Version > 0))
            {
                return _picture;
            }

            _pictureAt = now;
            return _picture = Paint(recent);
        }
    }

    private FleetPicture Paint(RecentCounts recent)
    {
        VmSummary[] vms = [.. _vms.Values];
        Dictionary<string, int> phases = new(StringComparer.Ordinal);
        Dictionary<string, HostTraffic> hosts = new(StringComparer.Ordinal);
        foreach (VmSummary vm in vms.Where(v => !IsSettled(v)))
        {
            phases[vm.Phase] = phases.GetValueOrDefault(vm.Phase) + 1;
            HostTraffic source = hosts.GetValueOrDefault(vm.SourceHost);
            hosts[vm.SourceHost] = source with { Out = source.Out + 1 };
            HostTraffic destination = hosts.GetValueOrDefault(vm.DestinationHost);
            hosts[vm.DestinationHost] = destination with { In = destination.In + 1 };
        }

        return new FleetPicture(_version, vms, phases, hosts, recent, _lostNodes, _isFilled);
    }

    private void ForgetOldest()
    {
        foreach (VmSummary old in _vms.Values.Where(IsSettled).OrderBy(v => v.ChangedAtUnixMs).Take(_settled - _maxSettled).ToList())
        {
            _vms.Remove(old.Vm);
            _settled--;
        }
    }

    /// <summary>An entity that has moved counts its samples anew, so that what it says first may bear a smaller version with the same journalled sequence: of two nodes the later word counts.</summary>
    private static bool IsNewer(VmSummary vm, VmSummary known) =>
        vm.Version > known.Version
        || (vm.Node.Length > 0 && vm.Node != known.Node && Views.MigrationView.SequenceOf(vm.Version) == Views.MigrationView.SequenceOf(known.Version));

    private static bool IsSettled(VmSummary vm) => vm.MigrationId.Length == 0 || vm.Terminal;
}
