using System.CommandLine;
using System.Globalization;
using System.Net;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Verbs;

/// <summary>A small authority for laboratories: files only, no coordinator is asked.</summary>
internal static class CertsVerbs
{
    const int DaysAtMost = AuthorityDirectory.AuthorityDays;

    public static Command Command(CliContext context) => new("certs", "certificates for the links of a lab: an authority in a directory, and what it issues")
    {
        Init(context),
        Issue(context),
        Revoke(context),
        Refresh(context),
        Show(context),
    };

    static Command Init(CliContext context)
    {
        var directory = Directory("a directory for it; it must not hold one yet");
        var command = new Command("init", "make an authority") { directory };
        command.SetAction(parsed => Try(() =>
        {
            var root = Path.GetFullPath(parsed.GetRequiredValue(directory));
            AuthorityDirectory.Create(root, context.Clock);
            Say(context, $"an authority is in {root}; keep authority-key.pem to yourself: whoever has it can be any agent, node and client");
            Say(context, $"next: coordctl certs issue {parsed.GetRequiredValue(directory)} --node NAME --ip ADDRESS, and --agent HOST, --client NAME");
        }));
        return command;
    }

    static Command Issue(CliContext context)
    {
        var directory = Directory("of the authority");
        var party = new PartyOptions();
        Option<string[]> ip = new("--ip") { Description = "address under which a node is dialled, repeatable", HelpName = "ADDRESS" };
        Option<string[]> dns = new("--dns") { Description = "name under which a node is dialled, repeatable", HelpName = "NAME" };
        Option<int> days = new("--days") { Description = $"of validity, 1 to {DaysAtMost}", HelpName = "N", DefaultValueFactory = _ => AuthorityDirectory.DefaultDays };
        Option<bool> renew = new("--renew") { Description = "replace the certificate and key that are there; a process that uses them takes them up within a second" };
        days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > DaysAtMost)
                result.AddError($"--days: allowed is 1 to {DaysAtMost}");
        });
        var command = new Command("issue", "a certificate with its key, in a directory of its own beneath the authority's") { directory, party.Agent, party.Node, party.Client, ip, dns, days, renew };
        command.SetAction(parsed => Try(() =>
        {
            var authority = AuthorityDirectory.Open(Path.GetFullPath(parsed.GetRequiredValue(directory)), context.Clock);
            var issued = authority.Issue(party.Of(parsed), parsed.GetValue(dns) ?? [], [.. (parsed.GetValue(ip) ?? []).Select(Address)], parsed.GetValue(days), parsed.GetValue(renew));
            Say(context, $"{issued.Identity}: serial {issued.Serial}, valid until {CertificateText.Time(issued.Until)}");
            Say(context, $"copy {issued.Directory} to where it runs; {HowToUse(issued)}");
        }));
        return command;
    }

    static Command Revoke(CliContext context)
    {
        var directory = Directory("of the authority");
        var party = new PartyOptions();
        var command = new Command("revoke", "every certificate that was issued for a party: whoever has the new list refuses them, and ends their links within seconds") { directory, party.Agent, party.Node, party.Client };
        command.SetAction(parsed => Try(() =>
        {
            var root = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var identity = party.Of(parsed);
            var serials = AuthorityDirectory.Open(root, context.Clock).Revoke(identity);
            Say(context, $"{identity}: revoked {string.Join(", ", serials)}");
            SayWhereTheListGoes(context, root);
        }));
        return command;
    }

    static Command Refresh(CliContext context)
    {
        var directory = Directory("of the authority");
        var command = new Command("refresh", $"renew the revocation list for {AuthorityDirectory.DefaultDays} days; one that has expired lets nobody in") { directory };
        command.SetAction(parsed => Try(() =>
        {
            var root = Path.GetFullPath(parsed.GetRequiredValue(directory));
            Say(context, $"the revocation list is good until {CertificateText.Time(AuthorityDirectory.Open(root, context.Clock).RenewList())}");
            SayWhereTheListGoes(context, root);
        }));
        return command;
    }

    static Command Show(CliContext context)
    {
        Argument<string> file = new("FILE") { Description = "PEM: certificates or revocation lists" };
        var command = new Command("show", "what stands in certificates and revocation lists") { file };
        command.SetAction(parsed => Try(() =>
        {
            foreach (var line in PemText.Lines(parsed.GetRequiredValue(file)))
                Say(context, line);
        }));
        return command;
    }

    static string HowToUse(IssuedParty issued) => issued.Identity.Role switch
    {
        PartyRole.Agent => "its four files stand under 'tls' in the host's configuration",
        PartyRole.Node => "coordinator-server --tls DIR",
        _ => "coordctl --tls DIR",
    };

    static void SayWhereTheListGoes(CliContext context, string root) =>
        Say(context, $"copy {Path.Combine(root, CertificateFiles.RevokedName)} over the {CertificateFiles.RevokedName} of every agent, node and client (those beneath {root} have it)");

    static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new CommandFailure(ExitCode.Usage, $"--ip: '{text}' is no IP address; names are given with --dns");

    static Argument<string> Directory(string description) => new("DIR") { Description = description };

    static void Say(CliContext context, string line) => context.Out.Profile.Out.Writer.WriteLine(line);

    static int Try(Action action)
    {
        try
        {
            action();
            return ExitCode.Ok;
        }
        catch (Exception refused) when (refused is IssuingException or CertificateFileException)
        {
            throw new CommandFailure(ExitCode.Refused, refused.Message);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Failed, failed.Message);
        }
    }

    /// <summary>Exactly one of three.</summary>
    sealed class PartyOptions
    {
        public Option<string?> Agent { get; } = new("--agent") { Description = "the agent of this host, by its hostId", HelpName = "HOST" };

        public Option<string?> Node { get; } = new("--node") { Description = "a coordinator", HelpName = "NAME" };

        public Option<string?> Client { get; } = new("--client") { Description = "a person or control plane", HelpName = "NAME" };

        public PartyIdentity Of(ParseResult parsed)
        {
            (PartyRole Role, string? Name)[] named = [(PartyRole.Agent, parsed.GetValue(Agent)), (PartyRole.Node, parsed.GetValue(Node)), (PartyRole.Client, parsed.GetValue(Client))];
            return named.Where(party => party.Name is not null).ToList() is not [var (role, name)]
                ? throw new CommandFailure(ExitCode.Usage, "for whom? Name one of --agent HOST, --node NAME or --client NAME")
                : PartyIdentity.IsName(name!)
                    ? new PartyIdentity(role, name!)
                    : throw new CommandFailure(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"--{PartyIdentity.Word(role)}: '{name}' is no name; use {PartyIdentity.NameRule}"));
        }
    }
}
