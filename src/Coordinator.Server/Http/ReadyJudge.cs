using Akka.Configuration;
using Coordinator.Contracts;

namespace Coordinator.Server.Http;

/// <param name="IsReady">Clients and agents may be sent here.</param>
/// <param name="GivenUp">Names of checks that are red and do not count any more.</param>
/// <param name="Missing">Names of checks that are red and count.</param>
internal sealed record ReadyWord(bool IsReady, IReadOnlyList<string> GivenUp, IReadOnlyList<string> Missing);

/// <summary>Folds the checks into one word, and gives up on what stays red for too long where that is allowed.</summary>
internal sealed class ReadyJudge(IReadOnlySet<string> mayBeGivenUp, TimeSpan givesUpAfter, TimeProvider clock)
{
    private readonly Lock _turn = new();
    private readonly Dictionary<string, long> _redSince = new(StringComparer.Ordinal);

    /// <summary>5 minutes unless <c>coordinator.readiness.gives-up-after</c> says otherwise; <c>off</c> is never.</summary>
    internal static TimeSpan GivesUpAfter(Config config)
    {
        const string Path = "coordinator.readiness.gives-up-after";
        return config.GetString(Path, "") == "off" ? TimeSpan.MaxValue : config.GetTimeSpan(Path, TimeSpan.FromMinutes(5));
    }

    internal ReadyWord Judge(IReadOnlyList<NodeCheck> checks)
    {
        lock (_turn)
        {
            List<string> givenUp = [];
            List<string> missing = [];
            foreach (NodeCheck check in checks)
            {
                if (check.Good)
                {
                    _redSince.Remove(check.Name);
                    continue;
                }

                if (!_redSince.TryGetValue(check.Name, out long since))
                {
                    _redSince[check.Name] = since = clock.GetTimestamp();
                }

                bool isGivenUp = mayBeGivenUp.Contains(check.Name) && clock.GetElapsedTime(since) >= givesUpAfter;
                (isGivenUp ? givenUp : missing).Add(check.Name);
            }

            return new ReadyWord(missing.Count == 0, givenUp, missing);
        }
    }
}
