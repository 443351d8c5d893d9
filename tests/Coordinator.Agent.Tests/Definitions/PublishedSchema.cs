using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Coordinator.Agent.Configuration.Documents;
using NJsonSchema;

namespace Coordinator.Agent.Tests.Definitions;

/// <summary>Judges a YAML text by a file under docs/schemas, as an editor does: YAML to JSON by the core schema, then JSON schema.</summary>
internal static class PublishedSchema
{
    private static readonly ConcurrentDictionary<string, Task<JsonSchema>> Schemas = new(StringComparer.Ordinal);

    public static async Task<bool> AcceptsAsync(string file, string yaml)
    {
        var problems = new ProblemList();
        var node = YamlTree.Read(yaml, problems);
        if (node is null || problems.Any)
        {
            return false;
        }

        var schema = await Schemas.GetOrAdd(file, name => JsonSchema.FromFileAsync(Path.Combine(RepositoryRoot(), "docs", "schemas", name)));
        return schema.Validate(ToJson(node)?.ToJsonString() ?? "null").Count == 0;
    }

    private static JsonNode? ToJson(DocumentNode node) => node switch
    {
        MappingNode mapping => new JsonObject(mapping.Entries.Select(e => KeyValuePair.Create(e.Key.Text, ToJson(e.Value)))),
        ListNode list => new JsonArray([.. list.Items.Select(ToJson)]),
        ScalarNode { Kind: ScalarKind.Number } number when long.TryParse(number.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out var whole) => JsonValue.Create(whole),
        ScalarNode { Kind: ScalarKind.Number } number => JsonValue.Create(double.Parse(number.Text, CultureInfo.InvariantCulture)),
        ScalarNode { Kind: ScalarKind.Truth } truth => JsonValue.Create(bool.Parse(truth.Text)),
        ScalarNode { Kind: ScalarKind.Nothing } => null,
        ScalarNode text => JsonValue.Create(text.Text),
        _ => throw new InvalidOperationException(),
    };

    private static string RepositoryRoot([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(directory.FullName, "Coordinator.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests must run in a checkout");
        }

        return directory.FullName;
    }
}
