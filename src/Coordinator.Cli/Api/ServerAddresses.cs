using Coordinator.Certificates.Links;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Api;

/// <summary>The coordinators to ask, in the order in which they are tried.</summary>
internal static class ServerAddresses
{
    public const string Variable = "COORDCTL_SERVER";
    public const string TlsVariable = "COORDCTL_TLS";
    public const string Default = "http://127.0.0.1:4050";
    public const string DefaultWithTls = "https://127.0.0.1:4050";

    /// <param name="text">Separated by commas; null or empty takes <see cref="Default"/>.</param>
    /// <param name="tls">Certificates are there: then every link is encrypted, and else every one stays on this machine.</param>
    /// <exception cref="CommandFailure">One of them is no address of a server.</exception>
    public static IReadOnlyList<Uri> Parse(string? text, bool tls = false)
    {
        var parts = (string.IsNullOrWhiteSpace(text) ? (tls ? DefaultWithTls : Default) : text).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? [.. parts.Select(part => Allowed(One(part), tls))] : throw Refused(text!);
    }

    static Uri One(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { Host.Length: > 0, PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? uri!
            : throw Refused(text);

    static Uri Allowed(Uri server, bool tls) => (tls, server.Scheme == Uri.UriSchemeHttps) switch
    {
        (true, true) => server,
        (true, false) => throw new CommandFailure(ExitCode.Usage, $"--server: {server.GetLeftPart(UriPartial.Authority)} is refused: with certificates every link is encrypted; write https://{server.Authority}"),
        (false, true) => throw new CommandFailure(ExitCode.Usage, $"--server: {server.GetLeftPart(UriPartial.Authority)} needs a certificate: name its directory with --tls DIR (or {TlsVariable})"),
        (false, false) => LoopbackRule.Refusal(server.Host, "name the directory of your certificate with --tls DIR and write https://") is { } refusal
            ? throw new CommandFailure(ExitCode.Usage, $"--server: {refusal}")
            : server,
    };

    static CommandFailure Refused(string text) =>
        new(ExitCode.Usage, $"--server: '{text}' is not the address of a coordinator; write http://HOST:PORT, several separated by commas (or set {Variable})");
}
