using System.Net;

namespace Coordinator.Certificates.Links;

/// <summary>Without certificates a link is neither encrypted nor authenticated: it stays on this machine.</summary>
public static class LoopbackRule
{
    public static bool Holds(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <param name="host">To listen on, or to dial.</param>
    /// <param name="how">How this program is given certificates.</param>
    /// <returns>Null when it is allowed.</returns>
    public static string? Refusal(string host, string how) => Holds(host)
        ? null
        : $"'{host}' is refused: without certificates links are neither encrypted nor authenticated, so they stay on loopback (127.0.0.1, ::1 or localhost); {how} ('coordctl certs init DIR' makes an authority for a lab)";
}
