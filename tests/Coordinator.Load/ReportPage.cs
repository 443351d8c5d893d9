using System.Globalization;
using System.Text.Json;

namespace Coordinator.Load;

/// <summary>The figures of one report that the issue asks for, and the bare journal beside them.</summary>
internal static class ReportPage
{
    public static void Write(JsonElement report, double? bareEventsPerSecond, Action<string> say)
    {
        say($"requests {Of(report, "requests")}, acknowledged {Of(report, "acknowledged")}, refused {Of(report, "refusedRequests")}, unanswered {Of(report, "unanswered")}, sent again {Of(report, "repeated")}; all acknowledged after {Of(report, "allAcknowledgedAfterSeconds")} s");
        say($"under way (median) {Of(report, "activeMedian")}; begun {Of(report, "startedPerSecond")}/s, ended {Of(report, "endedPerSecond")}/s; {string.Join(", ", report.GetProperty("outcomes").EnumerateObject().Select(outcome => $"{outcome.Value} {outcome.Name}"))}");
        Distribution(report, "acknowledgedAfterMs", "request to acknowledgement, ms", say);
        foreach ((string field, string name) in new[] { ("blackoutMs", "blackout as guests saw it, ms"), ("ownBlackoutMs", "blackout by own figures, ms") })
        {
            foreach ((string part, string when) in new[] { ("before", "before a fault"), ("during", "during the failover"), ("after", "after it") })
            {
                Distribution(report.GetProperty(field), part, $"{name}, {when}", say);
            }
        }

        if (report.TryGetProperty("fault", out JsonElement fault))
        {
            say($"fault at {Of(fault, "atSecond")} s: {Of(fault, "activeThen")} under way, {Of(fault, "newLives")} with a new life of their entity, {Of(fault, "neverDrivenAgain")} never driven again");
            Distribution(fault, "claimedMs", "fault to new life in the journal, ms", say);
            Distribution(fault, "drivenAgainMs", "fault to driven again, ms", say);
        }

        foreach (JsonProperty cost in report.GetProperty("cost").EnumerateObject())
        {
            say($"{cost.Name} {Number(cost.Value)}");
        }

        if (bareEventsPerSecond is { } bare && report.GetProperty("cost").TryGetProperty("peakEventsPerSecond", out JsonElement peak))
        {
            say(FormattableString.Invariant($"busiest seconds against the bare journal: {peak.GetDouble() / bare:0.00}"));
        }

        say($"lost {report.GetProperty("lost").GetArrayLength()}, doubled {report.GetProperty("doubled").GetArrayLength()}, untrue {report.GetProperty("untrue").GetArrayLength()}");
        foreach (string list in new[] { "lost", "doubled", "untrue" })
        {
            foreach (JsonElement sentence in report.GetProperty(list).EnumerateArray().Take(10))
            {
                say($"  {list}: {sentence}");
            }
        }
    }

    private static void Distribution(JsonElement of, string field, string name, Action<string> say)
    {
        if (of.TryGetProperty(field, out JsonElement known))
        {
            say($"{name}: p50 {Of(known, "p50")}, p90 {Of(known, "p90")}, p99 {Of(known, "p99")}, max {Of(known, "max")} ({Of(known, "count")})");
        }
    }

    private static string Of(JsonElement report, string field) => report.TryGetProperty(field, out JsonElement value) ? Number(value) : "-";

    private static string Number(JsonElement value) => value.GetDouble().ToString(value.GetDouble() == Math.Floor(value.GetDouble()) ? "0" : "0.0", CultureInfo.InvariantCulture);
}
