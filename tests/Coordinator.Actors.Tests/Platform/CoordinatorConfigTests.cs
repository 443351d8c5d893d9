using Akka.Actor;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Tests.Platform;

public sealed class CoordinatorConfigTests : IDisposable
{
    // Ours, hence in nobody's reference file. Serializers, adapters and bindings are additions by nature.
    private static readonly string[] OwnSettings =
    [
        "coordinator.sharding.vm-shard-count", "coordinator.fencing.", "coordinator.alerts.", "coordinator.admission.", "coordinator.readiness.", "coordinator.discovery.", "coordinator.read-model.", "coordinator.sweeper.", "coordinator.pause-watch.limit", "coordinator.pause-watch.interval",
        "akka.persistence.journal.sharding.class", "akka.persistence.snapshot-store.sharding.class",
        "akka.actor.serializers.", "akka.actor.serialization-bindings.", "akka.persistence.journal.sql.event-adapter",
    ];

    private readonly TemporaryDirectory directory = new();

    private static readonly string[] Profiles = [CoordinatorConfig.EmbeddedProfile, CoordinatorConfig.ClusterProfile];

    public static IEnumerable<object[]> ShippedSettings =>
        Profiles.SelectMany(profile => Flatten(CoordinatorConfig.ReadFile(Shipped(profile))).Keys, (profile, setting) => new object[] { profile, setting });

    private static string Shipped(string profile) => Path.Combine(CoordinatorConfig.ShippedDirectory, profile);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Load_EveryShippedFile_IsIncluded()
    {
        var root = string.Concat(Profiles.Select(profile => File.ReadAllText(Shipped(profile))));
        var others = Directory.GetFiles(CoordinatorConfig.ShippedDirectory, "*.conf")
            .Select(Path.GetFileName).Where(file => !Profiles.Contains(file));
        Assert.All(others, file => Assert.Contains($"include \"{file}\"", root, StringComparison.Ordinal));
        Assert.Equal("lease-majority", CoordinatorConfig.Load().GetString("akka.cluster.split-brain-resolver.active-strategy"));
    }

    /// <summary>Akka ignores a misspelt or outdated setting without a word.</summary>
    [Theory]
    [MemberData(nameof(ShippedSettings))]
    public void Load_EveryShippedSetting_OverridesOneThatExistsWithAnotherValue(string profile, string setting)
    {
        if (OwnSettings.Any(own => setting.StartsWith(own, StringComparison.Ordinal)))
        {
            return;
        }

        var reference = References(setting).Select(path => Reference.GetValue(path)).FirstOrDefault(value => value is not null);
        Assert.True(reference is not null, $"{setting} is in no reference file: misspelt, or gone in this version?");
        Assert.NotEqual(reference.ToString(), CoordinatorConfig.ReadFile(Shipped(profile)).GetValue(setting).ToString());
    }

    [Fact]
    public void Load_OverrideFile_WinsAndLeavesTheRest()
    {
        File.WriteAllText(Path.Combine(directory.Path, "site.conf"), "akka.cluster.gossip-interval = 7s");
        var file = Path.Combine(directory.Path, "mine.conf");
        File.WriteAllText(file, "include \"site.conf\"\nakka.cluster.pub-sub.gossip-interval = 9s");
        var config = CoordinatorConfig.Load(overrideFile: file);
        Assert.Equal(TimeSpan.FromSeconds(7), config.GetTimeSpan("akka.cluster.gossip-interval"));
        Assert.Equal(TimeSpan.FromSeconds(9), config.GetTimeSpan("akka.cluster.pub-sub.gossip-interval"));
        Assert.Equal(CoordinatorConfig.Load().GetTimeSpan("akka.cluster.leader-actions-interval"), config.GetTimeSpan("akka.cluster.leader-actions-interval"));
    }

    [Theory]
    [InlineData("include \"nowhere.conf\"", "nowhere.conf")]
    [InlineData("include \"mine.conf\"", "include each other")]
    [InlineData("akka.x = ${nowhere.at.all}", "mine.conf is not valid HOCON")]
    [InlineData("akka {\n x = [1, 2\n", "mine.conf is not valid HOCON: '[' in line 2 is not closed")]
    [InlineData("akka {\n x = 1\n", "'{' in line 1 is not closed")]
    [InlineData("akka.x = 1 # {\n}", "'}' in line 2 closes nothing")]
    [InlineData("akka { x = [1 } ]", "'}' in line 1 closes nothing")]
    [InlineData("akka.x = \"unfinished\nakka.y = \"z\"", "the string that begins in line 1 is not closed")]
    public void Load_FileThatCannotBeRead_IsRefusedByName(string content, string named)
    {
        var file = Path.Combine(directory.Path, "mine.conf");
        File.WriteAllText(file, content);
        Assert.Contains(named, Assert.Throws<ConfigurationException>(() => CoordinatorConfig.Load(overrideFile: file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFile_IsRefusedByName()
    {
        var refusal = Assert.Throws<ConfigurationException>(() => CoordinatorConfig.Load(overrideFile: "absent.conf"));
        Assert.Contains("absent.conf", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a = \"}\" // {\nb { c = [\"\\\"\", 2] } # [")]
    [InlineData("a = \"\"\"x { \"\n\"\"\"\nb {}")]
    [InlineData("")]
    public void HoconText_BracketsInStringsAndComments_DoNotCount(string text) => Assert.Null(HoconText.FindUnbalanced(text));

    [Theory]
    [InlineData(CoordinatorConfig.EmbeddedProfile)]
    [InlineData(CoordinatorConfig.ClusterProfile)]
    public void FailoverTimes_Shipped_FitTogether(string profile) => FailoverTimes.Verify(CoordinatorConfig.Load(profile: profile));

    [Fact]
    public void FailoverTimes_KeepMajority_NeedsNoLease()
    {
        var config = ConfigurationFactory.ParseString("""
            akka.cluster.split-brain-resolver { active-strategy = keep-majority, stable-after = 5s }
            coordinator.lease.heartbeat-timeout = 15s
            """).WithFallback(CoordinatorConfig.Load(profile: CoordinatorConfig.ClusterProfile));
        FailoverTimes.Verify(config);
    }

    [Theory]
    [InlineData("coordinator.lease.heartbeat-timeout = 15s", "the survivor would put itself out")]
    [InlineData("akka.cluster.split-brain-resolver.stable-after = 1s", "the survivor would put itself out")]
    [InlineData("coordinator.pause-watch.limit = 10s", "could already have been replaced")]
    [InlineData("akka.cluster.gossip-interval = 2s", "nodes see the same silence up to 00:00:07 apart")]
    [InlineData("akka.cluster.split-brain-resolver.active-strategy = keep-majority", "nothing but time keeps two sides from deciding differently")]
    public void FailoverTimes_Contradicting_AreRefused(string change, string consequence)
    {
        var config = ConfigurationFactory.ParseString(change).WithFallback(CoordinatorConfig.Load());
        Assert.Contains(consequence, Assert.Throws<ConfigurationException>(() => FailoverTimes.Verify(config)).Message, StringComparison.Ordinal);
    }

    private static Config Reference { get; } = new[]
    {
        (typeof(ActorSystem), "Akka.Configuration.akka.conf"),
        (typeof(Akka.Remote.RemoteActorRefProvider), "Akka.Remote.Configuration.Remote.conf"),
        (typeof(Akka.Cluster.Cluster), "Akka.Cluster.Configuration.Cluster.conf"),
        (typeof(Akka.Persistence.Persistence), "Akka.Persistence.persistence.conf"),
        (typeof(Akka.Coordination.Lease), "Akka.Coordination.reference.conf"),
        (typeof(Akka.Cluster.Sharding.ClusterSharding), "Akka.Cluster.Sharding.reference.conf"),
        (typeof(Akka.Cluster.Tools.PublishSubscribe.DistributedPubSub), "Akka.Cluster.Tools.PublishSubscribe.reference.conf"),
        (typeof(Akka.Cluster.Tools.Client.ClusterClientReceptionist), "Akka.Cluster.Tools.Client.reference.conf"),
        (typeof(Akka.Persistence.Sql.SqlPersistence), "Akka.Persistence.Sql.persistence.conf"),
        (typeof(Akka.Persistence.Sql.SqlPersistence), "Akka.Persistence.Sql.snapshot.conf"),
    }.Select(file => ConfigurationFactory.FromResource(file.Item2, file.Item1.Assembly)).Aggregate((all, next) => all.WithFallback(next));

    // A plugin of our own takes its defaults from the library's plugin, and any plugin from the fallbacks of Akka.Persistence.
    private static string[] References(string setting) =>
    [
        setting,
        setting.Replace("journal.sharding.", "journal.sql.", StringComparison.Ordinal)
            .Replace("snapshot-store.sharding.", "snapshot-store.sql.", StringComparison.Ordinal),
        setting.Replace("persistence.journal.sql.", "persistence.journal-plugin-fallback.", StringComparison.Ordinal),
        setting.Replace("coordinator.lease.", "akka.coordination.lease.", StringComparison.Ordinal),
    ];

    private static Dictionary<string, HoconValue> Flatten(Config config)
    {
        var settings = new Dictionary<string, HoconValue>(StringComparer.Ordinal);
        Visit("", config.Root);
        return settings;

        void Visit(string path, HoconValue value)
        {
            if (!value.IsObject())
            {
                settings.Add(path, value);
                return;
            }

            foreach (var (key, child) in value.GetObject().Items)
            {
                Visit(path.Length == 0 ? key : $"{path}.{key}", child);
            }
        }
    }
}
