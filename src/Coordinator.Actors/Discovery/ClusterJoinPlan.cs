using System.Collections.Immutable;

namespace Coordinator.Actors.Discovery;

/// <summary>What a node that is in no cluster does next.</summary>
internal abstract record JoinStep
{
    /// <summary>Ask these for their cluster.</summary>
    public sealed record Ask(ImmutableArray<string> Addresses, string Why) : JoinStep;

    /// <summary>Try to get the right to found one.</summary>
    public sealed record Found(long SeenGeneration) : JoinStep;
}

/// <summary>
/// Who is asked, and when a cluster may be founded, from what the database and the contact points say. Pure: times are given.
/// <list type="bullet">
/// <item>A member that was seen lately: join it, nothing else.</item>
/// <item>Members that were not seen lately may be alive and cut off from the database: they are asked directly, until this node has watched their silence for <c>silent-after</c>.</item>
/// <item>Contact points without a row may belong to a version that kept none: they are asked for <c>ask-unknown-for</c>.</item>
/// <item>Otherwise, found.</item>
/// </list>
/// </summary>
internal sealed class ClusterJoinPlan(string self, DiscoverySettings settings)
{
    private TimeSpan? silenceSince;
    private TimeSpan? unknownSince;

    public JoinStep Next(Roster roster, ImmutableArray<string> contacts, TimeSpan now)
    {
        var others = roster.Nodes.Where(node => node.Address != self).ToList();
        var silentAfterMs = (long)settings.SilentAfter.TotalMilliseconds;
        var members = others.Where(node => node.IsMember && node.SilentMs < silentAfterMs).ToList();
        if (members.Count > 0)
        {
            silenceSince = null;
            var newest = members.Max(node => node.Generation);
            return new JoinStep.Ask([.. members.Where(node => node.Generation == newest).Select(node => node.Address)], "a member was seen lately");
        }

        // Of an older founding than the newest: they would put themselves out.
        var silent = others.Where(node => node.IsMember && node.Generation == roster.Generation).Select(node => node.Address).ToList();
        var unknown = contacts.Where(contact => contact != self && others.All(node => node.Address != contact)).ToList();
        silenceSince = silent.Count == 0 ? null : silenceSince ?? now;
        unknownSince = unknown.Count == 0 ? null : unknownSince ?? now;
        if (silenceSince is { } silence && now - silence < settings.SilentAfter)
        {
            return new JoinStep.Ask([.. silent, .. unknown], "members are silent in the database");
        }

        return unknownSince is { } since && now - since < settings.AskUnknownFor
            ? new JoinStep.Ask([.. unknown], "they are not in the database")
            : new JoinStep.Found(roster.Generation);
    }
}
