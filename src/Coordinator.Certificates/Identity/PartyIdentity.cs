using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Coordinator.Certificates.Identity;

/// <summary>
/// Who a certificate is for: <c>coordinator://agent/HOSTID</c>, <c>coordinator://node/NAME</c> or <c>coordinator://client/NAME</c> as a URI among its subject alternative names (RFC 5280, 4.2.1.6;
/// the form that SPIFFE uses). Not the common name, which every tool fills as it likes, and not a DNS name: a host's id is none, and a host may have several or none.
/// cert-manager, step-ca, Vault and openssl all issue URI names.
/// </summary>
/// <param name="Role">What it may be.</param>
/// <param name="Name">Same rule as names of hosts: a-z, 0-9, '.' and '-', at most 63 characters.</param>
public sealed partial record PartyIdentity(PartyRole Role, string Name)
{
    private const string Scheme = "coordinator://";

    private static readonly Asn1Tag s_uri = new(TagClass.ContextSpecific, 6);

    public const string NameRule = "a-z, 0-9, '.' and '-', beginning and ending with a letter or digit, at most 63 characters";

    public static bool IsName(string name) => NamePattern().IsMatch(name);

    public string Uri => $"{Scheme}{Word(Role)}/{Name}";

    public static bool TryParse(string uri, [NotNullWhen(true)] out PartyIdentity? identity)
    {
        identity = null;
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal) || uri[Scheme.Length..].Split('/') is not [{ } word, { } name] || !IsName(name))
        {
            return false;
        }

        identity = word switch
        {
            "agent" => new PartyIdentity(PartyRole.Agent, name),
            "node" => new PartyIdentity(PartyRole.Node, name),
            "client" => new PartyIdentity(PartyRole.Client, name),
            _ => null,
        };
        return identity is not null;
    }

    /// <returns>Null when the certificate names nobody of ours, or more than one: nobody is two parties.</returns>
    public static PartyIdentity? Of(X509Certificate2 certificate)
    {
        string[] ours = [.. UrisOf(certificate).Where(uri => uri.StartsWith(Scheme, StringComparison.Ordinal))];
        return ours is [{ } uri] && TryParse(uri, out PartyIdentity? identity) ? identity : null;
    }

    public static string Word(PartyRole role) => role switch
    {
        PartyRole.Agent => "agent",
        PartyRole.Node => "node",
        PartyRole.Client => "client",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "no role"),
    };

    public override string ToString() => $"{Word(Role)} '{Name}'";

    /// <summary>.NET enumerates the DNS names and addresses of this extension, but not its URIs.</summary>
    private static List<string> UrisOf(X509Certificate2 certificate)
    {
        List<string> uris = [];
        try
        {
            foreach (X509SubjectAlternativeNameExtension extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
            {
                AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(s_uri))
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, s_uri));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            return [];
        }

        return uris;
    }

    // \z and not $, which lets a line end pass.
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();
}
