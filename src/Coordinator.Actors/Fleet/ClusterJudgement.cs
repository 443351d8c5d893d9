using System.Globalization;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>What a person is to know of the cluster, in sentences. Pure.</summary>
/// <param name="Findings">What is not well.</param>
/// <param name="Notes">What is no fault.</param>
public sealed record ClusterJudgement(IReadOnlyList<string> Findings, IReadOnlyList<string> Notes)
{
    /// <summary>Nodes tell every 2 s, and up to 5 s later when their region is slow to count.</summary>
    internal static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(12);

    public static ClusterJudgement Of(ClusterPicture picture, DateTimeOffset now)
    {
        List<MemberPicture> members = [.. picture.Members.Where(m => m.GoneAt is null)];
        List<string> findings = [.. members.OrderBy(m => m.Reachable).SelectMany(m => Of(m, members, now)), .. Singletons(members), .. PutOut(picture, now)];
        if (!members.Exists(m => m.IsSelf))
        {
            findings.Insert(0, "the node that answers is no member of a cluster yet");
        }

        return new ClusterJudgement(findings, [.. Versions(members), .. Left(picture, now)]);
    }

    private static IEnumerable<string> Of(MemberPicture member, List<MemberPicture> members, DateTimeOffset now)
    {
        if (!member.Reachable)
        {
            yield return $"{member.HostPort} is unreachable{Witnesses(member, members)}; while it is, no node can join or leave";
            yield break;
        }

        if (member.SilentTo.Count > 0)
        {
            yield return $"{member.HostPort} is silent to {Listed(member.SilentTo)}";
        }

        if (member.Status != "Up")
        {
            yield return $"{member.HostPort} is {member.Status}";
        }

        if (member.Shown is not { } shown)
        {
            yield return $"{member.HostPort} has not told how it is";
            yield break;
        }

        if (member.ShownAt is { } at && now - at > ToldWithin)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{member.HostPort} has not told how it is for {(now - at).TotalSeconds:0} s");
        }

        if (shown.Shards < 0)
        {
            yield return $"{member.HostPort} cannot count its shards";
        }

        foreach (NodeCheck check in shown.Checks.Where(c => !c.Good))
        {
            yield return $"{member.HostPort} says of {check.Name}: {check.Detail}";
        }
    }

    private static string Witnesses(MemberPicture member, List<MemberPicture> members)
    {
        if (member.SilentTo.Count == 0)
        {
            return "";
        }

        List<string> hear = [.. members
            .Where(m => m.Reachable && m.Sight is not null && m.Address != member.Address && !member.SilentTo.Contains(m.Address, StringComparer.Ordinal))
            .Select(m => m.Address)];
        return $": silent to {Listed(member.SilentTo)}{(hear.Count > 0 ? $", heard by {Listed(hear)}" : "")}";
    }

    private static IEnumerable<string> Singletons(List<MemberPicture> members)
    {
        // One that does not tell may carry any of them.
        bool allTell = members.TrueForAll(m => m is { Sight: not null, Reachable: true });
        foreach (string name in CoordinatorSingletons.Needed)
        {
            List<string> nodes = [.. members.Where(m => m.Sight?.Singletons.Contains(name, StringComparer.Ordinal) == true).Select(m => m.Address)];
            if (nodes.Count == 0 && allTell && members.Count > 0)
            {
                yield return $"{name} runs nowhere";
            }
            else if (nodes.Count > 1)
            {
                yield return $"{name} runs on {Listed(nodes)} at once";
            }
        }
    }

    private static IEnumerable<string> PutOut(ClusterPicture picture, DateTimeOffset now) =>
        picture.Members.Where(m => m is { GoneAt: not null, WasPutOut: true }).Select(m => $"{m.HostPort} was put out {Ago(m, now)} and has not come back");

    private static IEnumerable<string> Left(ClusterPicture picture, DateTimeOffset now) =>
        picture.Members.Where(m => m is { GoneAt: not null, WasPutOut: false }).Select(m => $"{m.HostPort} left {Ago(m, now)}");

    private static IEnumerable<string> Versions(List<MemberPicture> members)
    {
        List<IGrouping<string, MemberPicture>> versions = [.. members.GroupBy(m => m.AppVersion, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)];
        if (versions.Count > 1)
        {
            yield return $"versions differ, as in a rolling upgrade: {string.Join("; ", versions.Select(v => $"{v.Key} on {Listed([.. v.Select(m => m.Address)])}"))}";
        }
    }

    private static string Ago(MemberPicture gone, DateTimeOffset now) => (now - gone.GoneAt!.Value) is var age && age < TimeSpan.FromMinutes(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{age.TotalSeconds:0} s ago")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min ago");

    private static string Listed(IReadOnlyList<string> addresses) => string.Join(", ", addresses.Select(a => a[(a.LastIndexOf('@') + 1)..]));
}
