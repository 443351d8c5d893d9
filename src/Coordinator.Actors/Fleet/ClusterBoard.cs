using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>The cluster's nodes as this one knows them, and where this node's own health is told.</summary>
public sealed class ClusterBoard(TimeProvider clock)
{
    /// <summary>Name of the check that asks the journal: a node that is alone in finding it red goes.</summary>
    public const string JournalCheck = "journal";

    private static readonly TimeSpan s_pictureEvery = TimeSpan.FromMilliseconds(250);

    private volatile ClusterPicture _picture = ClusterPicture.Empty;
    private ImmutableArray<NodeCheck> _checks = [];

    /// <summary>As it is now.</summary>
    public ClusterPicture Picture => _picture;

    /// <summary>Where this node's pages are, for links on the others'; empty for nowhere.</summary>
    public string Dashboard { get; set; } = "";

    /// <summary>Newest results of this node's checks.</summary>
    public IReadOnlyList<NodeCheck> Checks
    {
        get => _checks;
        set => ImmutableInterlocked.InterlockedExchange(ref _checks, [.. value]);
    }

    /// <summary>The cluster now and after every change, at most every 250 ms, until it is no longer wanted.</summary>
    public async IAsyncEnumerable<ClusterPicture> Look([EnumeratorCancellation] CancellationToken stop)
    {
        using PeriodicTimer tick = new(s_pictureEvery, clock);
        long shown = -1;
        do
        {
            ClusterPicture picture = _picture;
            if (picture.Version != shown)
            {
                shown = picture.Version;
                yield return picture;
            }
        }
        while (await tick.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    internal void Show(string self, IReadOnlyList<MemberPicture> members) => _picture = new ClusterPicture(_picture.Version + 1, self, members);
}
