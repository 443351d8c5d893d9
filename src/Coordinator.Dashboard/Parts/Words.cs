using System.Globalization;
using Coordinator.Contracts;
using Coordinator.Contracts.Text;

namespace Coordinator.Dashboard.Parts;

/// <summary>Texts and colours that several pages share.</summary>
internal static class Words
{
    /// <summary>In the order in which a migration goes through them; what needs a person first.</summary>
    internal static readonly IReadOnlyList<string> Unfinished =
        ["InDoubt", "Pending", "Scheduling", "PreparingDestination", "Iterating", "Switchover", "Verifying", "Finishing", "RollingBack"];

    internal static readonly IReadOnlyList<string> Ended = ["Succeeded", "Failed", "Cancelled", "Lost"];

    /// <summary>CSS class of a phase's mark; colour never stands alone, the word is always beside it.</summary>
    internal static string PhaseClass(string phase) => phase switch
    {
        "InDoubt" or "Lost" => "bad",
        "Failed" => "failed",
        "Succeeded" => "good",
        "RollingBack" or "Cancelled" => "back",
        "Switchover" => "still",
        "" => "none",
        _ => "going",
    };

    internal static string PhaseText(string phase) => phase switch
    {
        "InDoubt" => "In doubt",
        "PreparingDestination" => "Preparing destination",
        "RollingBack" => "Rolling back",
        "" => "never migrated",
        _ => phase,
    };

    internal static string VerdictClass(string verdict) => verdict switch
    {
        "Verified" or "Verified(lap-blind)" => "good",
        "Suspect" => "failed",
        "Refused" => "back",
        _ => "none",
    };

    internal static string Node(string address)
    {
        int at = address.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? address : address[(at + 1)..];
    }

    internal static DateTime? Moment(long unixMs) => unixMs <= 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(unixMs).UtcDateTime;

    /// <summary>Whole seconds: a number that changes ten times a second is read by nobody.</summary>
    internal static string Age(TimeSpan age) => age < TimeSpan.Zero ? "0 s" : age switch
    {
        _ when age < TimeSpan.FromMinutes(2) => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalSeconds} s"),
        _ when age < TimeSpan.FromHours(2) => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min {age.Seconds} s"),
        _ when age < TimeSpan.FromDays(2) => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} h {age.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays} d {age.Hours} h"),
    };

    /// <summary>From the request to the end, or to now.</summary>
    internal static TimeSpan? Taken(VmSummary vm, DateTimeOffset now) => vm.RequestedAtUnixMs == 0
        ? null
        : TimeSpan.FromMilliseconds((vm.EndedAtUnixMs > 0 ? vm.EndedAtUnixMs : now.ToUnixTimeMilliseconds()) - vm.RequestedAtUnixMs);

    internal static string Bytes(long bytes) => bytes switch
    {
        >= 10L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):#,0.0} GiB"),
        > 0 and < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0} KiB"),
        0 => "0",
        _ => Amounts.Mib(bytes),
    };

    internal static string Number(long number) => Amounts.Count(number);
}
