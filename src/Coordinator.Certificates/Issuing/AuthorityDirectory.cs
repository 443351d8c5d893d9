using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Issuing;

/// <summary>An authority directory that cannot be used as asked. The message is a sentence.</summary>
public sealed class IssuingException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What one certificate was issued for.</summary>
/// <param name="Directory">With the four files that the party needs.</param>
public sealed record IssuedParty(PartyIdentity Identity, string Directory, string Serial, DateTimeOffset Until);

/// <summary>
/// A <see cref="LabAuthority"/> in files: <c>authority.pem</c>, <c>authority-key.pem</c>, <c>revoked.pem</c>, <c>issued.tsv</c>, and a directory for each party (<c>agent-alpha</c>) to be copied to
/// where it runs. Files are replaced by rename, mode 0600; nothing is overwritten unless it is to be renewed.
/// </summary>
public sealed class AuthorityDirectory
{
    private const string AuthorityName = "authority.pem";
    private const string AuthorityKeyName = "authority-key.pem";
    private const string IssuedName = "issued.tsv";

    /// <summary>Of the authority itself.</summary>
    public const int AuthorityDays = 3650;

    /// <summary>Of certificates, unless told otherwise, and of revocation lists.</summary>
    public const int DefaultDays = 365;

    private readonly string _directory;
    private readonly TimeProvider _clock;

    private AuthorityDirectory(string directory, TimeProvider clock)
    {
        (_directory, _clock) = (directory, clock);
    }

    private string RevokedFile => Path.Combine(_directory, CertificateFiles.RevokedName);

    private DateTimeOffset Now => _clock.GetUtcNow();

    /// <summary>A new authority with an empty revocation list.</summary>
    /// <exception cref="IssuingException">There is one already.</exception>
    public static AuthorityDirectory Create(string directory, TimeProvider clock)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AuthorityDirectory made = new(directory, clock);
        foreach (string name in new[] { AuthorityName, AuthorityKeyName, CertificateFiles.RevokedName })
        {
            if (File.Exists(Path.Combine(directory, name)))
            {
                throw new IssuingException($"{Path.Combine(directory, name)} is there already, and an authority is never overwritten; name another directory");
            }
        }

        using LabAuthority authority = LabAuthority.Create(made.Now - LabAuthority.ClockSkew, made.Now.AddDays(AuthorityDays));
        Write(Path.Combine(directory, AuthorityKeyName), authority.KeyPem);
        Write(made.RevokedFile, authority.RevocationList(null, [], made.Now - LabAuthority.ClockSkew, made.ListEnd(authority)));

        // Last: who finds it finds the others.
        Write(Path.Combine(directory, AuthorityName), authority.CertificatePem);
        return made;
    }

    /// <exception cref="IssuingException">There is no authority in this directory.</exception>
    public static AuthorityDirectory Open(string directory, TimeProvider clock)
    {
        AuthorityDirectory opened = new(directory, clock);
        opened.Authority().Dispose();
        return opened;
    }

    public string DirectoryOf(PartyIdentity identity) => Path.Combine(_directory, $"{PartyIdentity.Word(identity.Role)}-{identity.Name}");

    /// <param name="identity">For whom.</param>
    /// <param name="dns">Names under which it is dialled.</param>
    /// <param name="addresses">Addresses under which it is dialled.</param>
    /// <param name="days">Of validity, at least 1.</param>
    /// <param name="renew">Replaces the certificate and key that are there. Running processes take them up if the directory is theirs; the old certificate stays good until it expires.</param>
    /// <exception cref="IssuingException">It has one already, or a node would have no address.</exception>
    public IssuedParty Issue(PartyIdentity identity, IReadOnlyList<string> dns, IReadOnlyList<IPAddress> addresses, int days, bool renew)
    {
        if (identity.Role == PartyRole.Node && dns.Count + addresses.Count == 0)
        {
            throw new IssuingException("a node is known by the address under which others dial it: name every one with --ip or --dns");
        }

        string directory = DirectoryOf(identity);
        CertificateFiles files = CertificateFiles.In(directory);
        if (!renew && (File.Exists(files.Certificate) || File.Exists(files.Key)))
        {
            throw new IssuingException($"{directory} holds a certificate already; --renew replaces it and its key");
        }

        using LabAuthority authority = Authority();
        IssuedCertificate issued = authority.Issue(identity, dns, addresses, Now - LabAuthority.ClockSkew, Now.AddDays(days));
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(issued.Certificate);
        IssuedParty party = new(identity, directory, certificate.SerialNumber, CertificateText.Until(certificate));
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // Noted first: what is not in the list could never be revoked by name.
        File.AppendAllText(Path.Combine(_directory, IssuedName), $"{Now:O}\t{identity.Uri}\t{party.Serial}\t{party.Until:O}\n");
        Write(files.Key, issued.Key);
        Write(files.Certificate, issued.Certificate);
        Write(files.Authorities, authority.CertificatePem);
        Write(files.Revoked!, File.ReadAllText(RevokedFile));
        return party;
    }

    /// <summary>Every certificate that was issued for this party so far.</summary>
    /// <returns>Serial numbers.</returns>
    /// <exception cref="IssuingException">None was.</exception>
    public IReadOnlyList<string> Revoke(PartyIdentity identity)
    {
        string log = Path.Combine(_directory, IssuedName);
        string[] serials = File.Exists(log)
            ? [.. File.ReadLines(log).Select(line => line.Split('\t')).Where(fields => fields.Length == 4 && fields[1] == identity.Uri).Select(fields => fields[2])]
            : [];
        if (serials.Length == 0)
        {
            throw new IssuingException($"{log}: no certificate was issued for {identity}");
        }

        RenewList(serials);
        return serials;
    }

    /// <summary>The same list for another <see cref="DefaultDays"/>, here and in the parties' directories.</summary>
    /// <returns>Until when it is good.</returns>
    public DateTimeOffset RenewList() => RenewList([]);

    private DateTimeOffset RenewList(IReadOnlyList<string> revoked)
    {
        using LabAuthority authority = Authority();
        string list = authority.RevocationList(File.ReadAllText(RevokedFile), [.. revoked.Select(Convert.FromHexString)], Now, ListEnd(authority));
        Write(RevokedFile, list);
        foreach (string directory in Directory.GetDirectories(_directory))
        {
            string copy = Path.Combine(directory, CertificateFiles.RevokedName);
            if (File.Exists(copy))
            {
                Write(copy, list);
            }
        }

        return ListEnd(authority);
    }

    private DateTimeOffset ListEnd(LabAuthority authority) => Now.AddDays(DefaultDays) < authority.ValidUntil ? Now.AddDays(DefaultDays) : authority.ValidUntil;

    private LabAuthority Authority()
    {
        try
        {
            return LabAuthority.Of(File.ReadAllText(Path.Combine(_directory, AuthorityName)), File.ReadAllText(Path.Combine(_directory, AuthorityKeyName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new IssuingException(string.Create(CultureInfo.InvariantCulture, $"{_directory} holds no authority that can be used: {e.Message}; 'coordctl certs init {_directory}' makes one"), e);
        }
    }

    /// <summary>Whole or not at all, for processes that read it meanwhile.</summary>
    private static void Write(string file, string text)
    {
        string draft = $"{file}.new";
        File.Delete(draft);
        using (StreamWriter writer = new(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            writer.Write(text.EndsWith('\n') ? text : text + "\n");
        }

        File.Move(draft, file, overwrite: true);
    }
}
