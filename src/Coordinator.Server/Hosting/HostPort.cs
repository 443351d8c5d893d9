using System.Globalization;
using System.Net;
using Coordinator.Certificates.Links;

namespace Coordinator.Server.Hosting;

/// <summary>
/// An address to listen on, as <c>HOST:PORT</c>; IPv6 in brackets. Without certificates only loopback: an address that others can reach is refused with a sentence.
/// </summary>
internal sealed record HostPort(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    public IPAddress Address => Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host);

    /// <param name="option">For the message.</param>
    /// <param name="text">HOST:PORT.</param>
    /// <param name="loopbackOnly">False for what others may reach: then any address of this machine, but no name.</param>
    /// <exception cref="OptionException">Not HOST:PORT, or an address that is not allowed.</exception>
    internal static HostPort Parse(string option, string text, bool loopbackOnly = true)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        if (colon <= 0 || host.Length == 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > IPEndPoint.MaxPort)
        {
            throw new OptionException($"{option}: '{text}' is not HOST:PORT with a port of 0 to {IPEndPoint.MaxPort}, for instance 127.0.0.1:4050");
        }

        bool isAddress = IPAddress.TryParse(host, out IPAddress? address);
        if (!loopbackOnly && (isAddress || host == "localhost"))
        {
            return new HostPort(host, port);
        }

        if (!loopbackOnly)
        {
            throw new OptionException($"{option}: '{host}' is no address; give one of this machine, for instance 127.0.0.1, or 0.0.0.0 for all of them");
        }

        if (host != "localhost" && !(isAddress && IPAddress.IsLoopback(address!)))
        {
            throw new OptionException($"{option}: {LoopbackRule.Refusal(host, "give this coordinator certificates with --tls DIR")}");
        }

        return new HostPort(host, port);
    }
}

/// <summary>An option that cannot be used. The message is all that the user is shown.</summary>
internal sealed class OptionException(string message) : Exception(message);
