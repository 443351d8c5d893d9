using Coordinator.Lab;
using Coordinator.Lab.Processes;
using YamlDotNet.RepresentationModel;

namespace Coordinator.Runbooks.Containers;

/// <summary>docker/compose.yaml as Debian's docker-compose understands it: anchors merged, paths absolute.</summary>
internal sealed class ComposeFile
{
    private readonly YamlMappingNode _root;

    private ComposeFile(YamlMappingNode root) => _root = root;

    public static string Folder { get; } = Path.Combine(LabFolder.RepositoryRoot, "docker");

    public IEnumerable<ComposeService> Services => ((YamlMappingNode)_root["services"]).Children.Select(s => new ComposeService(s.Key.ToString(), (YamlMappingNode)s.Value));

    public YamlMappingNode Networks => (YamlMappingNode)_root["networks"];

    public ComposeService this[string name] => Services.Single(s => s.Name == name);

    /// <exception cref="LabFailure">docker-compose refuses the file; its words are in it.</exception>
    public static async Task<ComposeFile> ReadAsync()
    {
        await ExternalCommand.Run(LabFolder.Installer("containers.sh"), []);
        YamlStream stream = [];
        using StringReader text = new(await ExternalCommand.Run("docker-compose", ["--profile", "tools", "-f", Path.Combine(Folder, "compose.yaml"), "config"]));
        stream.Load(text);
        return new ComposeFile((YamlMappingNode)stream.Documents[0].RootNode);
    }
}

/// <param name="Name">Of the service.</param>
internal sealed record ComposeService(string Name, YamlMappingNode Node)
{
    public string Image => Text("image");

    public string Text(string key) => Node.Children.TryGetValue(key, out YamlNode? value) ? value.ToString() : "";

    public IReadOnlyList<string> List(string key) => Node.Children.TryGetValue(key, out YamlNode? value)
        ? value is YamlSequenceNode many ? [.. many.Select(v => v.ToString())] : value is YamlMappingNode map ? [.. map.Children.Keys.Select(k => k.ToString())] : [value.ToString()]
        : [];

    public IReadOnlyList<string> Environment => Node.Children.TryGetValue("environment", out YamlNode? value) ? [.. ((YamlMappingNode)value).Children.Select(v => $"{v.Key}={v.Value}")] : [];

    /// <summary>SOURCE:TARGET:rw or :ro; a source without a slash is a volume.</summary>
    public IReadOnlyList<string[]> Volumes => [.. List("volumes").Select(v => v.Split(':'))];

    /// <summary>What runs. An entrypoint of the service leaves out the image's command too.</summary>
    public IReadOnlyList<string> Command =>
    [
        .. Node.Children.ContainsKey("entrypoint") ? List("entrypoint") : Dockerfile.Words("ENTRYPOINT"),
        .. Node.Children.ContainsKey("command") ? List("command") : Node.Children.ContainsKey("entrypoint") ? [] : Dockerfile.Words("CMD"),
    ];

    public IReadOnlyList<string> Health => Node.Children.TryGetValue("healthcheck", out YamlNode? check) && ((YamlMappingNode)check).Children.TryGetValue("test", out YamlNode? test)
        ? [.. ((YamlSequenceNode)test).Skip(1).Select(w => w.ToString())]
        : Dockerfile.Words("HEALTHCHECK");

    /// <summary>False too where it is turned off on purpose, which one-shot services do.</summary>
    public bool LacksHealth => Health.Count == 0 && !Node.Children.ContainsKey("healthcheck");

    public string? FixedAddress => Node.Children.TryGetValue("networks", out YamlNode? networks) && networks is YamlMappingNode map && map.Children.TryGetValue("cluster", out YamlNode? cluster)
        && cluster is YamlMappingNode own ? own["ipv4_address"].ToString() : null;

    /// <summary>The service's own name, and its aliases in any network.</summary>
    public IReadOnlyList<string> NetworkNames => Node.Children.TryGetValue("networks", out YamlNode? networks) && networks is YamlMappingNode map
        ? [Name, .. map.Children.Values.OfType<YamlMappingNode>().Where(n => n.Children.ContainsKey("aliases")).SelectMany(n => (YamlSequenceNode)n["aliases"]).Select(a => a.ToString())]
        : [Name];

    /// <summary>The service whose PID namespace and network it joins.</summary>
    public string? Joins => Text("pid") is { Length: > 0 } pid ? pid["service:".Length..] : null;

    private Dockerfile Dockerfile => Dockerfile.Of(this);
}
