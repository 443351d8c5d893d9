using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Coordinator.Actors.Platform.Schema;

/// <summary>
/// One step of the schema, numbered from 1 without gaps. A script that was shipped is never changed: databases remember its checksum. What an older binary cannot live with says so in its first line.
/// </summary>
/// <param name="Number">The schema's version after it.</param>
/// <param name="Name">For people.</param>
/// <param name="MinimumReader">The oldest schema version whose binaries may use a database with this script applied: lower than its own number for what only adds, so that nodes can be upgraded one
/// after the other.</param>
/// <param name="Sql">Statements of one transaction.</param>
internal sealed partial record SchemaScript(int Number, string Name, int MinimumReader, string Sql)
{
    private const string OfBoth = "both";

    /// <summary>Of the text with Unix line ends, so that a checkout on another system is the same script.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The scripts in this binary, by number.</summary>
    /// <param name="dialect">Their folder, sqlite or postgresql; those that are the same but for the name of a type are in a third one.</param>
    public static IReadOnlyList<SchemaScript> Shipped(string dialect)
    {
        var assembly = typeof(SchemaScript).Assembly;
        List<SchemaScript> scripts = [.. assembly.GetManifestResourceNames()
            .Select(name => (Name: name, Match: FileName().Match(name.Replace('\\', '/'))))
            .Where(found => found.Match.Success && (found.Match.Groups["dialect"].Value == dialect || found.Match.Groups["dialect"].Value == OfBoth))
            .Select(found => Read(found.Match, new StreamReader(assembly.GetManifestResourceStream(found.Name)!), BytesOf(dialect)))
            .OrderBy(script => script.Number)];
        return scripts.Count > 0 && scripts.Select(script => script.Number).SequenceEqual(Enumerable.Range(1, scripts.Count))
            ? scripts
            : throw new InvalidOperationException($"The schema scripts of {dialect} are not numbered from 1 without gaps.");
    }

    private static string BytesOf(string dialect) => dialect == "sqlite" ? "BLOB" : "BYTEA";

    private static SchemaScript Read(Match name, StreamReader reader, string bytes)
    {
        using (reader)
        {
            var sql = reader.ReadToEnd().Replace("${bytes}", bytes, StringComparison.Ordinal);
            var number = int.Parse(name.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            var header = FirstLine().Match(sql);
            return header.Success
                ? new SchemaScript(number, name.Groups["name"].Value, int.Parse(header.Groups["reader"].ValueSpan, CultureInfo.InvariantCulture), sql)
                : throw new InvalidOperationException($"Schema script {number} does not begin with '-- minimum-reader: N'.");
        }
    }

    [GeneratedRegex(@"^schema/(?<dialect>[a-z]+)/(?<number>\d{4})-(?<name>[a-z0-9-]+)\.sql$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();

    [GeneratedRegex(@"\A-- minimum-reader: (?<reader>\d+)\r?\n", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex FirstLine();
}
