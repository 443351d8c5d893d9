using System.Globalization;

namespace Coordinator.Contracts.Text;

/// <summary>Numbers as people read them, each with its unit. Invariant culture: the same text is pasted into tickets everywhere.</summary>
public static class Amounts
{
    const double BytesPerMib = 1 << 20;

    public static string Mib(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / BytesPerMib:#,0.0} MiB");

    public static string Rate(long bytesPerSec) => bytesPerSec >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytesPerSec / (BytesPerMib * 1024):0.##} GiB/s")
        : string.Create(CultureInfo.InvariantCulture, $"{bytesPerSec / BytesPerMib:0.##} MiB/s");

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Ms(long micros) => string.Create(CultureInfo.InvariantCulture, $"{micros / 1000.0:#,0.00} ms");

    /// <summary>Below 10 s with milliseconds, since the steps of a handoff are that short.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        _ when span < TimeSpan.FromSeconds(10) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.000} s"),
        _ when span < TimeSpan.FromMinutes(2) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        _ when span < TimeSpan.FromHours(2) && span.Seconds == 0 => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min"),
        _ when span < TimeSpan.FromHours(2) => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes} min"),
    };

    /// <summary>A setting, not a measurement: no digits that nobody has typed.</summary>
    public static string Setting(long ms) => ms switch
    {
        _ when ms % 60_000 == 0 && ms > 0 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000} min"),
        _ when ms % 1000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms} ms"),
    };

    /// <summary>Of one day's clock, UTC; pages name the day once.</summary>
    public static string Clock(DateTime utc) => utc.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Moment(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
