using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Api;

/// <summary>The coordinators to ask, in the order in which they are tried.</summary>
internal static class ServerAddresses
{
    public const string Variable = "COORDCTL_SERVER";
    public const string Default = "http://127.0.0.1:4050";

    /// <param name="text">Separated by commas; null or empty takes <see cref="Default"/>.</param>
    /// <exception cref="CommandFailure">One of them is no address of a server.</exception>
    public static IReadOnlyList<Uri> Parse(string? text)
    {
        var parts = (string.IsNullOrWhiteSpace(text) ? Default : text).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? [.. parts.Select(One)] : throw Refused(text!);
    }

    static Uri One(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { Host.Length: > 0, PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? uri!
            : throw Refused(text);

    static CommandFailure Refused(string text) =>
        new(ExitCode.Usage, $"--server: '{text}' is not the address of a coordinator; write http://HOST:PORT, several separated by commas (or set {Variable})");
}
