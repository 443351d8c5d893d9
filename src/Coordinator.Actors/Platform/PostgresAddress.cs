using System.Globalization;
using Npgsql;

namespace Coordinator.Actors.Platform;

/// <summary>
/// Where the database is, in either of two notations. URIs by hand: Npgsql does not read them, .NET's own reader of URIs refuses several hosts, and its messages repeat the text.
/// </summary>
internal static class PostgresAddress
{
    private static readonly string[] Schemes = ["postgresql://", "postgres://"];

    /// <summary>libpq's words for settings that are spelled otherwise by Npgsql.</summary>
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["target_session_attrs"] = "Target Session Attributes",
        ["passfile"] = "Passfile",
        ["options"] = "Options",
        ["host"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
        ["dbname"] = "Database",
    };

    /// <exception cref="StoreException">It cannot be read, or names no host, database or user. The text repeats nothing of it: a mistake may have moved the password anywhere.</exception>
    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = Schemes.FirstOrDefault(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) is { } scheme
                ? Uri(text[scheme.Length..])
                : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException or KeyNotFoundException)
        {
            throw new StoreException("The database is neither a connection string of Npgsql (Host=...;Database=...;Username=...) nor a URI (postgresql://USER@HOST:PORT/DATABASE?sslmode=...); "
                + "it is not repeated here because it may hold a password.");
        }

        var missing = new (string Name, string? Value)[] { ("a host", settings.Host), ("a database", settings.Database), ("a user", settings.Username) }
            .Where(part => string.IsNullOrWhiteSpace(part.Value)).Select(part => part.Name).ToList();
        return missing.Count == 0 ? settings : throw new StoreException($"The database's connection does not name {string.Join(" nor ", missing)}.");
    }

    private static NpgsqlConnectionStringBuilder Uri(string rest)
    {
        var (location, query) = Cut(rest, rest.IndexOf('?', StringComparison.Ordinal));
        var (authority, database) = Cut(location, location.IndexOf('/', StringComparison.Ordinal));
        var at = authority.LastIndexOf('@');
        var (user, password) = at < 0 ? ("", "") : Cut(authority[..at], authority[..at].IndexOf(':', StringComparison.Ordinal));
        var settings = new NpgsqlConnectionStringBuilder();
        Set(settings, "Username", user);
        Set(settings, "Password", password);
        Set(settings, "Database", database);
        var hosts = authority[(at + 1)..];
        if (hosts.Contains(',', StringComparison.Ordinal))
        {
            // Several hosts: Npgsql takes each with its port.
            settings.Host = hosts;
        }
        else if (hosts.Length > 0)
        {
            var colon = hosts.LastIndexOf(':');
            var hasPort = colon > hosts.LastIndexOf(']');
            settings.Host = (hasPort ? hosts[..colon] : hosts).Trim('[', ']');
            settings.Port = hasPort ? ushort.Parse(hosts.AsSpan(colon + 1), CultureInfo.InvariantCulture) : settings.Port;
        }

        foreach (var setting in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (word, value) = Cut(setting, setting.IndexOf('=', StringComparison.Ordinal));
            Set(settings, Words[word], word.Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? value.Replace("-", "", StringComparison.Ordinal) : value);
        }

        return settings;
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string keyword, string value)
    {
        if (value.Length > 0)
        {
            settings[keyword] = System.Uri.UnescapeDataString(value);
        }
    }

    private static (string Before, string After) Cut(string text, int place) => place < 0 ? (text, "") : (text[..place], text[(place + 1)..]);
}
