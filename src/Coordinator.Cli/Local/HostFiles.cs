using Coordinator.Cli.Outcomes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Coordinator.Cli.Local;

/// <summary>One agent to start.</summary>
internal sealed record LocalHost(string Name, string ConfigurationFile);

/// <summary>Host configurations (docs/schemas/host.schema.json): writes those of the default hosts, and reads of a given one what `up` needs. All else is judged by the agent.</summary>
internal static class HostFiles
{
    public static IReadOnlyList<LocalHost> Prepare(UpOptions options, DataLayout layout, LocalCertificates? certificates) => options switch
    {
        { WithoutHosts: true } => [],
        { HostFiles.Count: > 0 } => [.. options.HostFiles.Select(file => Certified(Read(file), certificates))],
        _ => [.. UpOptions.DefaultHosts.Select(host => Write(host, options, layout, certificates))],
    };

    /// <summary>Its configuration names the files itself; here they are made, if it names those of this authority.</summary>
    static LocalHost Certified(LocalHost host, LocalCertificates? certificates)
    {
        certificates?.Agent(host.Name);
        return host;
    }

    static LocalHost Write(string host, UpOptions options, DataLayout layout, LocalCertificates? certificates)
    {
        var tls = certificates?.Agent(host);
        foreach (var directory in new[] { Path.GetDirectoryName(layout.HostFile(host))!, layout.StateDirectory(host), Path.GetDirectoryName(layout.RunDirectory(host))!, layout.RunDirectory(host) })
            DataLayout.CreatePrivate(directory);
        var anyFreePort = new { Listen = "127.0.0.1:0" };
        // Agents accept no aliases, which the serializer makes of equal objects.
        var yaml = new SerializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithQuotingNecessaryStrings().DisableAliases().Build().Serialize(new
        {
            HostId = host,
            StateDirectory = layout.StateDirectory(host),
            RunDirectory = layout.RunDirectory(host),
            Coordinators = options.Servers.Select(server => server.GetLeftPart(UriPartial.Authority)).ToList(),
            Handoff = anyFreePort,
            MigrationStream = anyFreePort,
            Qemu = new { Default = options.QemuBinary },
        });
        if (tls is not null)
            yaml += $"tls: {{ certificate: \"{tls.Certificate}\", key: \"{tls.Key}\", authorities: \"{tls.Authorities}\", revoked: \"{tls.Revoked}\" }}\n";
        File.WriteAllText(layout.HostFile(host), $"# Written by 'coordctl up' at each start. A host of your own: --host FILE.\n{yaml}");
        return new(host, layout.HostFile(host));
    }

    static LocalHost Read(string path)
    {
        try
        {
            YamlStream stream = [];
            using var text = File.OpenText(path);
            stream.Load(text);
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                && root.Children.TryGetValue(new YamlScalarNode("hostId"), out var name) && name is YamlScalarNode { Value: { Length: > 0 } host }
                ? new(host, Path.GetFullPath(path))
                : throw new CommandFailure(ExitCode.Usage, $"--host: {path} is no host configuration, it has no 'hostId'");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or YamlException)
        {
            throw new CommandFailure(ExitCode.Usage, $"--host: {path} cannot be read: {error.Message}");
        }
    }
}
