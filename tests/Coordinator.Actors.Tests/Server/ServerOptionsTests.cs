using Coordinator.Actors.Platform;
using Coordinator.Server.Hosting;
using Coordinator.Server.Journals;

namespace Coordinator.Actors.Tests.Server;

public sealed class ServerOptionsTests
{
    [Fact]
    public void Nothing_ButTheDataDirectory_IsNeeded()
    {
        ServerOptions options = Options(data: "d");

        Assert.Equal(("127.0.0.1:4050", "127.0.0.1:4060"), (options.Grpc.ToString(), options.Cluster.ToString()));
        Assert.EndsWith(Path.Combine("d", "coordinator.db"), options.Database.Open().Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Option_WinsOverTheEnvironment()
    {
        ServerOptions options = ServerOptions.Of(null, "d", "127.0.0.1:1", null, [], v => v switch
        {
            "COORDINATOR_GRPC" => "127.0.0.1:2",
            "COORDINATOR_CLUSTER" => "127.0.0.1:3",
            "COORDINATOR_SEEDS" => "127.0.0.1:4, 127.0.0.1:5",
            _ => null,
        });

        Assert.Equal((1, 3), (options.Grpc.Port, options.Cluster.Port));
        Assert.Equal([4, 5], options.Seeds.Select(s => s.Port));
    }

    [Theory]
    [InlineData("0.0.0.0:1", "so they stay on loopback (127.0.0.1, ::1 or localhost); give this coordinator certificates with --tls DIR")]
    [InlineData("192.168.1.4:1", "so they stay on loopback (127.0.0.1, ::1 or localhost); give this coordinator certificates with --tls DIR")]
    [InlineData("example.org:1", "so they stay on loopback (127.0.0.1, ::1 or localhost); give this coordinator certificates with --tls DIR")]
    [InlineData("127.0.0.1", "is not HOST:PORT")]
    [InlineData("127.0.0.1:70000", "is not HOST:PORT")]
    [InlineData(":5", "is not HOST:PORT")]
    public void Address_ThatCannotBeUsed_IsRefusedWithASentence(string grpc, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<OptionException>(() => Options(data: "d", grpc: grpc)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:5")]
    [InlineData("[::1]:5")]
    [InlineData("localhost:5")]
    public void Loopback_IsTaken(string grpc) => Assert.Equal(5, Options(data: "d", grpc: grpc).Grpc.Port);

    [Fact]
    public void Pages_AreOnLoopbackUnlessToldOtherwise_WhichNeedsCertificates()
    {
        ServerOptions Of(string? option, string? variable, string name = "COORDINATOR_HTTP", string? tls = ".") =>
            ServerOptions.Of(null, "d", null, null, [], v => v == name ? variable : null, option, tls: tls);

        Assert.Equal("127.0.0.1:4070", Of(null, null, tls: null).Http!.ToString());
        Assert.Equal("0.0.0.0:9000", Of(null, "0.0.0.0:9000").Http!.ToString());
        Assert.Equal("0.0.0.0:9000", Of(null, "0.0.0.0:9000", "COORDINATOR_METRICS").Http!.ToString());
        Assert.Null(Of("off", "0.0.0.0:9000").Http);
        Assert.Contains("is no address", Assert.Throws<OptionException>(() => Of("example.org:1", null)).Message, StringComparison.Ordinal);
        Assert.Contains("'0.0.0.0' is refused: without certificates", Assert.Throws<OptionException>(() => Of(null, "0.0.0.0:9000", tls: null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithCertificates_AnyAddressIsTaken()
    {
        string directory = Directory.CreateTempSubdirectory("tls-").FullName;
        try
        {
            ServerOptions options = ServerOptions.Of(null, "d", "0.0.0.0:1", "10.0.0.1:2", ["10.0.0.2:2"], v => v == "COORDINATOR_TLS" ? directory : null);

            Assert.Equal((Path.Combine(directory, "key.pem"), "10.0.0.1:2"), (options.Tls!.Key, options.Cluster.ToString()));
            Assert.Contains("no address by which other coordinators reach this one", Refused("0.0.0.0:2", directory), StringComparison.Ordinal);
            Assert.Contains("there is no directory", Refused("127.0.0.1:2", directory + "/no"), StringComparison.Ordinal);
            Assert.Contains("--seed: '10.0.0.2' is refused", Assert.Throws<OptionException>(() => ServerOptions.Of(null, "d", null, null, ["10.0.0.2:2"], _ => null)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory);
        }

        static string Refused(string cluster, string tls) => Assert.Throws<OptionException>(() => ServerOptions.Of(null, "d", null, cluster, [], _ => null, tls: tls)).Message;
    }

    [Fact]
    public void MissingDataDirectory_IsNamed() =>
        Assert.Contains("--data DIR", Assert.Throws<OptionException>(() => Options(data: null)).Message, StringComparison.Ordinal);

    [Fact]
    public void Database_WithItsPasswordInAFile_IsOpenedAndNeverShown()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "hidden\n");
            ServerOptions options = ServerOptions.Of(
                null, null, null, null, [], v => v == "COORDINATOR_DATABASE_PASSWORD_FILE" ? file : null, database: "postgresql://c:worse@db.example/coordinator");
            PostgresStore store = Assert.IsType<PostgresStore>(options.Database.Open());
            Assert.Equal("hidden", new Npgsql.NpgsqlConnectionStringBuilder(store.ConnectionString).Password);
            Assert.DoesNotContain("worse", options.ToString(), StringComparison.Ordinal);
            Assert.Equal(CoordinatorConfig.ClusterProfile, store.ProfileFile);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("d", "Host=h", null, "not both")]
    [InlineData(null, null, null, "is needed")]
    [InlineData("d", null, "f", "belongs to --database")]
    [InlineData(null, "Host=h", "/nowhere", "no file '/nowhere'")]
    public void Database_ThatContradicts_IsRefused(string? data, string? database, string? passwordFile, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<OptionException>(() => DatabaseChoice.Of(data, database, passwordFile, _ => null)).Message, StringComparison.Ordinal);

    [Fact]
    public void Database_OfTheEnvironment_GivesWayToADirectoryOnTheCommandLine() =>
        Assert.Null(DatabaseChoice.Of("d", null, null, v => v == "COORDINATOR_DATABASE" ? "Host=h" : null).Connection);

    [Theory]
    [InlineData("backup", "pg_dump")]
    [InlineData("restore", "pg_restore")]
    public void JournalVerbs_OnPostgres_NameItsOwnTool(string verb, string tool)
    {
        Assert.Contains(tool, Assert.Throws<StoreException>(() => JournalVerbs.File(null, "Host=h", verb, _ => null)).Message, StringComparison.Ordinal);
        Assert.Contains(tool, Assert.Throws<StoreException>(() => JournalVerbs.File(null, null, verb, _ => "Host=h")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingConfigFile_IsNamed() =>
        Assert.Contains("no file '/nowhere.conf'",
            Assert.Throws<OptionException>(() => ServerOptions.Of("/nowhere.conf", "d", null, null, [], _ => null)).Message, StringComparison.Ordinal);

    private static ServerOptions Options(string? data, string? grpc = null) => ServerOptions.Of(null, data, grpc, null, [], _ => null);
}
