using System.Globalization;
using Akka.Configuration;

namespace Coordinator.Actors.Fencing;

/// <summary>What the split brain resolver does with a silent node, for people who think of doing it themselves.</summary>
public static class DowningWords
{
    public static string Of(Config config)
    {
        string strategy = config.GetString("akka.cluster.split-brain-resolver.active-strategy");
        double afterSec = config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after").TotalSeconds;
        string rule = strategy switch
        {
            "lease-majority" => "the side that gets the lease in the database goes on, the other one ends by itself",
            "keep-majority" => "the side with more nodes goes on, the other one ends by itself",
            _ => "by the rules of that strategy",
        };
        return string.Create(CultureInfo.InvariantCulture, $"once a silence has lasted {afterSec:0.#} s without another change, the split brain resolver ({strategy}) decides by itself: {rule}");
    }
}
