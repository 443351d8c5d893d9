using System.Text.RegularExpressions;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Lab;
using Coordinator.Lab.Processes;
using YamlDotNet.RepresentationModel;

namespace Coordinator.Runbooks.Containers;

/// <summary>What can be said of docker/ without running it. That every service starts with these settings is <see cref="RehearsalTests"/>'.</summary>
public sealed partial class ComposeFileTests
{
    public static TheoryData<string> Dockerfiles => [.. Dockerfile.All.Select(f => Path.GetRelativePath(ComposeFile.Folder, f))];

    [Fact]
    public async Task EveryService_HasNoPrivilegeItDoesNotNeedAndNoAddressThatOthersReach()
    {
        ComposeFile file = await ComposeFile.ReadAsync();

        Assert.All(file.Services, service =>
        {
            Assert.True(service.Text("read_only") == "true", $"{service.Name} may write to its image");
            Assert.Equal(["ALL"], service.List("cap_drop"));
            Assert.Equal(["no-new-privileges:true"], service.List("security_opt"));
            Assert.NotEqual("true", service.Text("privileged"));
            Assert.Matches(Pinned(), service.Image);
            Assert.False(service.LacksHealth, $"{service.Name} has no health check");
            Assert.All(service.List("ports"), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
            Assert.DoesNotContain(service.Environment, e => Secret().IsMatch(e));
            Assert.True(service.Name == "certs" || !service.Text("user").StartsWith('0'), $"{service.Name} runs as root");
            string[] needed = service.Name switch { "certs" => ["CHOWN", "DAC_OVERRIDE", "FOWNER"], "agent-alpha" or "agent-beta" => ["SYS_PTRACE"], _ => [] };
            Assert.Equal(needed, service.List("cap_add"));
        });
    }

    [Fact]
    public async Task EveryNetworkButTheFront_HasNoWayOut()
    {
        ComposeFile file = await ComposeFile.ReadAsync();

        Assert.All(file.Networks.Children.Where(n => n.Key.ToString() != "front"), n => Assert.Equal("true", n.Value["internal"].ToString()));
        Assert.All(file.Services.Where(s => s.List("networks").Contains("front")), s => Assert.NotEmpty(s.List("ports")));
        Assert.Equal(["database"], file["postgres"].List("networks"));
    }

    /// <summary>The promise of the agents: whoever runs a guest is not whoever decides about it.</summary>
    [Theory]
    [InlineData("alpha")]
    [InlineData("beta")]
    public async Task Agent_JoinsItsGuestsAndNeverOwnsThem(string host)
    {
        ComposeFile file = await ComposeFile.ReadAsync();
        ComposeService agent = file[$"agent-{host}"], guests = file[$"guests-{host}"];
        HostConfiguration configuration = HostConfiguration.Load(agent.Volumes.Single(v => v[1] == "/etc/coordinator/host.yaml")[0]);

        Assert.Equal((guests.Name, $"service:{guests.Name}"), (agent.Joins, agent.Text("network_mode")));
        Assert.Equal((host, "always"), (configuration.HostId, agent.Text("restart")));
        Assert.Contains($"keeper {configuration.Keeper} ", string.Join(' ', guests.Command), StringComparison.Ordinal);
        Assert.Equal(["coordinator-agent", "keeper", configuration.Keeper!, "--check"], guests.Health);
        Assert.Equal("true", guests.Text("init"));
        foreach (string directory in new[] { configuration.StateDirectory, configuration.RunDirectory })
        {
            Assert.Equal(agent.Volumes.Single(v => v[1] == directory), guests.Volumes.Single(v => v[1] == directory));
        }

        Assert.All(new[] { configuration.Handoff.Advertise.Host, configuration.MigrationStream.Advertise.Host }, name => Assert.Contains(name, guests.NetworkNames));
        Assert.All(configuration.Coordinators, uri => Assert.Contains(uri.Host, file.Services.Select(s => s.Name)));
    }

    [Fact]
    public void Definition_IsReadable()
    {
        Assert.All(Directory.GetFiles(Path.Combine(ComposeFile.Folder, "vms")), path => Assert.Equal(Path.GetFileNameWithoutExtension(path), VmDefinition.Parse(File.ReadAllText(path), path).Name));
    }

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Dockerfile_KeepsTheRulesThatMatter(string path)
    {
        Dockerfile file = Dockerfile.Read(Path.Combine(ComposeFile.Folder, path));

        Assert.True(file.Each("FROM").Count() > 1, "one stage: the image would hold the SDK");
        Assert.All(file.Each("FROM"), from => Assert.Matches(Pinned(), from.Split(' ')[0]));
        Assert.Equal("10001:10001", file.Each("USER").Last());
        Assert.True(file.Instructions.ToList().FindLastIndex(i => i.Word == "RUN") < file.Instructions.ToList().FindLastIndex(i => i.Word == "USER"));
        Assert.NotEmpty(file.Each("HEALTHCHECK"));
        Assert.Empty(file.Each("ADD"));
        Assert.NotEmpty(file.Words("ENTRYPOINT"));
        Assert.All(file.Each("RUN").Where(r => r.Contains("apt-get", StringComparison.Ordinal)), run =>
        {
            Assert.StartsWith("apt-get update && apt-get install -y --no-install-recommends ", Blanks().Replace(run, " "), StringComparison.Ordinal);
            Assert.Contains("rm -rf /var/lib/apt/lists/*", run, StringComparison.Ordinal);
        });
        // What is copied from here is there, and the context is let through by .dockerignore.
        string[] let = [.. File.ReadAllLines(Path.Combine(LabFolder.RepositoryRoot, ".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..])];
        Assert.All(file.Each("COPY").Where(c => !c.StartsWith("--from", StringComparison.Ordinal)), copy =>
            Assert.All(copy.Split(' ').Where(w => !w.StartsWith("--", StringComparison.Ordinal)).SkipLast(1), source =>
            {
                Assert.True(Path.Exists(Path.Combine(LabFolder.RepositoryRoot, source)), source);
                Assert.Contains(source, let);
            }));
    }

    /// <summary>The SDK of the images is one that global.json takes.</summary>
    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Dockerfile_BuildsWithTheRepositorysSdk(string path)
    {
        string sdk = Dockerfile.Read(Path.Combine(ComposeFile.Folder, path)).Each("FROM").Single(f => f.Contains("/sdk:", StringComparison.Ordinal)).Split(':', '-')[1];
        string wanted = Version().Match(File.ReadAllText(Path.Combine(LabFolder.RepositoryRoot, "global.json"))).Groups["version"].Value;

        Assert.True(System.Version.Parse(sdk) >= System.Version.Parse(wanted) && System.Version.Parse(sdk).Major == System.Version.Parse(wanted).Major, $"{sdk} for {wanted}");
    }

    [Theory]
    [InlineData("docker/certs/make")]
    [InlineData("docker/coordinator/healthcheck")]
    public async Task Script_IsReadByAnyShell(string path) => await ExternalCommand.Run("sh", ["-n", Path.Combine(LabFolder.RepositoryRoot, path)]);

    [Fact]
    public void Provisioning_NamesTheFoldersAndTheSourceOfTheDashboards()
    {
        YamlStream sources = [], folders = [];
        using StreamReader source = File.OpenText(Path.Combine(ComposeFile.Folder, "grafana/provisioning/datasources/prometheus.yml"));
        using StreamReader folder = File.OpenText(Path.Combine(ComposeFile.Folder, "grafana/provisioning/dashboards/coordinator.yml"));
        sources.Load(source);
        folders.Load(folder);

        Assert.Equal(("prometheus", "http://prometheus:9090"), (sources.Documents[0].RootNode["datasources"][0]["uid"].ToString(), sources.Documents[0].RootNode["datasources"][0]["url"].ToString()));
        Assert.Equal("/etc/grafana/dashboards", folders.Documents[0].RootNode["providers"][0]["options"]["path"].ToString());
    }

    // A tag with at least two numbers; never latest, never none.
    [GeneratedRegex(@"^[a-z0-9./-]+:v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Pinned();

    [GeneratedRegex("(?i)(password|secret|token)=|PASSWORD=", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Secret();

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    [GeneratedRegex("\"version\": \"(?<version>[0-9.]+)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Version();
}
