using Akka.Configuration;
using Coordinator.Domain.Admission;

namespace Coordinator.Actors.Admission;

/// <summary><c>coordinator.admission</c>; the same at every node.</summary>
/// <param name="Fleet">What all hosts together let go on.</param>
/// <param name="FirstBackOff">Between the first attempt of a migration and its second; doubled from each to the next.</param>
/// <param name="LongestBackOff">Where the doubling ends.</param>
/// <param name="Settle">How long a new queue listens before it gives out its first slot.</param>
/// <param name="ClaimsKeptFor">How long the slots of a lost node stay taken, unless its VMs' entities say more from another node.</param>
internal sealed record AdmissionSettings(FleetLimits Fleet, TimeSpan FirstBackOff, TimeSpan LongestBackOff, TimeSpan Settle, TimeSpan ClaimsKeptFor)
{
    private const string Section = "coordinator.admission";

    /// <exception cref="ConfigurationException">A value is missing or out of its range. The text names it.</exception>
    internal static AdmissionSettings Of(Config config)
    {
        Config section = config.GetConfig(Section) ?? throw new ConfigurationException($"{Section} is missing");
        AdmissionSettings settings = new(
            new FleetLimits((int?)Limit(section, "max-active"), Limit(section, "max-bandwidth-mib-per-sec") * (1L << 20)),
            Time(section, "back-off"),
            Time(section, "longest-back-off"),
            Time(section, "settle"),
            Time(section, "claims-kept-for"));
        return settings.LongestBackOff >= settings.FirstBackOff
            ? settings
            : throw new ConfigurationException($"{Section}.longest-back-off ({settings.LongestBackOff}) is shorter than {Section}.back-off ({settings.FirstBackOff})");
    }

    /// <param name="attemptsMade">1 or more.</param>
    internal TimeSpan BackOffAfter(int attemptsMade)
    {
        // 2^20 times any sensible first one is beyond any longest one.
        TimeSpan doubled = FirstBackOff * Math.Pow(2, Math.Min(attemptsMade - 1, 20));
        return doubled < LongestBackOff ? doubled : LongestBackOff;
    }

    private static long? Limit(Config section, string name) => section.GetString(name) is "off" or "false"
        ? null
        : section.GetInt(name) is var value and >= 1
            ? value
            : throw new ConfigurationException($"{Section}.{name} is '{section.GetString(name)}'; it is off or a whole number of 1 or more");

    private static TimeSpan Time(Config section, string name) => section.GetTimeSpan(name, allowInfinite: false) is var time && time >= TimeSpan.Zero && time <= TimeSpan.FromHours(1)
        ? time
        : throw new ConfigurationException($"{Section}.{name} is '{section.GetString(name)}'; it is a time of 0 to 1 h");
}
