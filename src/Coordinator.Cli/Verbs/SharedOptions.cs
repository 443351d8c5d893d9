using System.CommandLine;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Links;
using Coordinator.Cli.Api;
using Coordinator.Cli.Load;
using Coordinator.Cli.Outcomes;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Verbs;

/// <summary>What every verb that asks a coordinator has in common.</summary>
internal sealed class SharedOptions(CliContext context)
{
    static readonly JsonFormatter s_json = new(JsonFormatter.Settings.Default.WithIndentation());

    public CliContext Context => context;

    public Option<string?> Server { get; } = new("--server")
    {
        Description = $"coordinators to ask, separated by commas; the next one is tried when one does not answer ({ServerAddresses.Variable}) [default: {ServerAddresses.Default}]",
        HelpName = "URL,...",
        Recursive = true,
    };

    public Option<string?> Tls { get; } = new("--tls")
    {
        Description = $"directory of your {CertificateFiles.CertificateName}, {CertificateFiles.KeyName}, {CertificateFiles.AuthoritiesName} and, if there is one, {CertificateFiles.RevokedName}; without it only loopback is dialled ({ServerAddresses.TlsVariable})",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <param name="call">How long one try of a request may take, where that is longer than usual.</param>
    public CoordinatorConnection Connect(ParseResult parsed, TimeSpan? call = null)
    {
        var tls = parsed.GetValue(Tls) ?? context.Environment(ServerAddresses.TlsVariable);
        var servers = ServerAddresses.Parse(parsed.GetValue(Server) ?? context.Environment(ServerAddresses.Variable), tls: !string.IsNullOrEmpty(tls));
        return new(servers, call is { } longer ? context.Patience with { Call = longer } : context.Patience, context.Clock, Certificates(tls));
    }

    /// <summary>The coordinators as they were named.</summary>
    public IReadOnlyList<Uri> Servers(ParseResult parsed) =>
        ServerAddresses.Parse(parsed.GetValue(Server) ?? context.Environment(ServerAddresses.Variable), tls: !string.IsNullOrEmpty(parsed.GetValue(Tls) ?? context.Environment(ServerAddresses.TlsVariable)));

    /// <summary>As many clients have it.</summary>
    public LoadClients ConnectMany(ParseResult parsed) =>
        new(Servers(parsed), context.Patience, context.Clock, () => Certificates(parsed.GetValue(Tls) ?? context.Environment(ServerAddresses.TlsVariable)));

    static LinkCertificates? Certificates(string? directory)
    {
        try
        {
            return string.IsNullOrEmpty(directory) ? null : LinkCertificates.Open(CertificateFiles.In(Path.GetFullPath(directory)), NullLogger.Instance);
        }
        catch (CertificateFileException refused)
        {
            throw new CommandFailure(ExitCode.Usage, $"--tls: {refused.Message}");
        }
    }

    public static Option<string?> RequestId() => new("--request-id")
    {
        Description = "1 to 128 printable characters; the second request with the same id gets the first one's result [default: a new one]",
        HelpName = "ID",
    };

    public string RequestIdOf(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) ?? context.NewRequestId();

    public static Option<string?> By() => new("--by")
    {
        Description = "who says so, kept in the journal [default: USER]",
        HelpName = "NAME",
    };

    public string ByOf(ParseResult parsed, Option<string?> by) => parsed.GetValue(by) ?? context.Environment("USER") ?? "root";

    public static Option<string> Output()
    {
        var output = new Option<string>("--output", "-o") { Description = "text, or json: the API's messages in protobuf's JSON mapping", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        return output;
    }

    public void Show(ParseResult parsed, Option<string> output, IMessage message, Func<IRenderable> text, int columnsAtLeast)
    {
        if (parsed.GetValue(output) == "json")
            context.Out.Profile.Out.Writer.WriteLine(s_json.Format(message));
        else
            context.Write(text(), columnsAtLeast);
    }

    public void Say(string line) => context.Out.WriteLine(line);
}
