using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Coordinator.Agent.Configuration;

/// <summary>
/// "address:port" as people write it: 10.0.0.5:5090, [fd00::5]:5090, host-a.example:5090. IPEndPoint.Parse accepts "5" as an address, so it is not
/// enough.
/// </summary>
internal static partial class AddressText
{
    /// <summary>The parts before and behind the last colon; the port is null when there is none. Null for text that is neither.</summary>
    public static (string Host, string? Port)? Split(string text)
    {
        var match = SplitPattern().Match(text);
        return match.Success
            ? (match.Groups["v6"].Success ? match.Groups["v6"].Value : match.Groups["host"].Value,
                match.Groups["port"].Success ? match.Groups["port"].Value : null)
            : null;
    }

    /// <summary>Null for names: a listener binds addresses, and a name may mean another one tomorrow.</summary>
    public static IPAddress? Address(string host) =>
        (host.Contains(':', StringComparison.Ordinal) || DottedPattern().IsMatch(host)) && IPAddress.TryParse(host, out var address) ? address : null;

    public static bool IsDialable(string host) => Address(host) is { } address
        ? !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        : HostNamePattern().IsMatch(host) && !DottedPattern().IsMatch(host);

    public static int? Port(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535 ? port : null;

    /// <summary>"49152-49215", "49152" or "0".</summary>
    public static PortRange? Ports(string? text)
    {
        var parts = text?.Split('-') ?? [];
        return parts.Length switch
        {
            1 when Port(parts[0]) is { } port => new PortRange(port, port),
            2 when Port(parts[0]) is { } first && Port(parts[1]) is { } last && first >= 1 && first <= last => new PortRange(first, last),
            _ => null,
        };
    }

    [GeneratedRegex(@"^(\[(?<v6>[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?)\]|(?<host>[^:\[\]/\s]+))(:(?<port>[0-9-]+))?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex SplitPattern();

    [GeneratedRegex(@"^[0-9]{1,3}(\.[0-9]{1,3}){3}\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex DottedPattern();

    // RFC 1123 host names.
    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex HostNamePattern();
}
