using System.Globalization;
using System.Text.RegularExpressions;

namespace Coordinator.Cli.Verbs;

/// <summary>Amounts as people type them. The unit is required: 300 without one has meant seconds to some and milliseconds to others.</summary>
internal static partial class Quantity
{
    static readonly Dictionary<string, double> s_ms = new(StringComparer.Ordinal) { ["ms"] = 1, ["s"] = 1_000, ["m"] = 60_000, ["h"] = 3_600_000, ["d"] = 86_400_000 };

    static readonly Dictionary<string, double> s_bytes = new(StringComparer.Ordinal)
    {
        ["KiB/s"] = 1 << 10,
        ["MiB/s"] = 1 << 20,
        ["GiB/s"] = 1 << 30,
        ["TiB/s"] = 1L << 40,
    };

    public const string DurationUnits = "ms, s, m, h or d";
    public const string BandwidthUnits = "KiB/s, MiB/s, GiB/s or TiB/s";

    /// <returns>Null for text that is no duration.</returns>
    public static long? DurationMs(string text) => Read(text, s_ms);

    public static long? BytesPerSec(string text) => Read(text, s_bytes);

    static long? Read(string text, Dictionary<string, double> units)
    {
        var match = Pattern().Match(text);
        if (!match.Success || !units.TryGetValue(match.Groups["unit"].Value, out var unit))
            return null;
        var value = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * unit;
        return value < long.MaxValue ? (long)value : null;
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,12}(\.[0-9]{1,6})?)\s?(?<unit>[A-Za-z/]+)\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
