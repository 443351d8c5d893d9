using Coordinator.Actors.Fleet;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fencing;

/// <summary>
/// When a node that reaches its peers but not the journal is to put itself out: its VMs' entities can decide nothing there, and sharding, which sees a member in good health, would leave them where they
/// are for ever. Only while another node does reach the journal: if nobody does, all stay, and go on when it is back. Pure but for its memory.
/// </summary>
internal sealed class JournalLoss
{
    /// <summary>Beyond the restart of a database, and a check every 3 s that may take 2.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(12);

    /// <summary>
    /// A peer's word that came so long after the loss is about the time after it: nodes ask every 3 s within 2 s, and tell what they know by then every 2 s. An earlier one may be from before an outage
    /// that they share.
    /// </summary>
    internal static readonly TimeSpan WordIsAfterTheLoss = TimeSpan.FromSeconds(9);

    private DateTimeOffset? _since;

    /// <param name="picture">The cluster as this node sees it.</param>
    /// <param name="own">What this node's checks have found last.</param>
    /// <param name="now">By the clock of <see cref="MemberPicture.ShownAt"/>.</param>
    /// <returns>Null to stay, else why to go.</returns>
    public string? Judge(ClusterPicture picture, IReadOnlyList<NodeCheck> own, DateTimeOffset now)
    {
        if (own.FirstOrDefault(check => check.Name == ClusterBoard.JournalCheck) is not { Good: false } lost)
        {
            _since = null;
            return null;
        }

        _since ??= now;
        return now - _since >= Limit && picture.Members.FirstOrDefault(ReachesIt) is { } other
            ? $"this node has not reached the journal for {Limit.TotalSeconds:0} s ({lost.Detail}), and {other.HostPort} does"
            : null;

        bool ReachesIt(MemberPicture member) => member is { IsSelf: false, Status: "Up", Reachable: true, Shown: { } shown, ShownAt: { } at }
            && at - _since >= WordIsAfterTheLoss && shown.Checks.Any(check => check is { Name: ClusterBoard.JournalCheck, Good: true });
    }
}
