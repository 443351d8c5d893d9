using Coordinator.Server.Hosting;

namespace Coordinator.Actors.Tests.Server;

public sealed class ServerOptionsTests
{
    [Fact]
    public void Nothing_ButTheDataDirectory_IsNeeded()
    {
        ServerOptions options = Options(data: "d");

        Assert.Equal(("127.0.0.1:4050", "127.0.0.1:4060"), (options.Grpc.ToString(), options.Cluster.ToString()));
        Assert.EndsWith(Path.Combine("d", "coordinator.db"), options.JournalFile, StringComparison.Ordinal);
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
    [InlineData("0.0.0.0:1", "listens on loopback only")]
    [InlineData("192.168.1.4:1", "listens on loopback only")]
    [InlineData("example.org:1", "listens on loopback only")]
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
    public void Metrics_AreOnLoopbackUnlessToldOtherwise()
    {
        ServerOptions Of(string? option, string? variable) =>
            ServerOptions.Of(null, "d", null, null, [], v => v == "COORDINATOR_METRICS" ? variable : null, option);

        Assert.Equal("127.0.0.1:4070", Of(null, null).Metrics!.ToString());
        Assert.Equal("0.0.0.0:9000", Of(null, "0.0.0.0:9000").Metrics!.ToString());
        Assert.Null(Of("off", "0.0.0.0:9000").Metrics);
        Assert.Contains("is no address", Assert.Throws<OptionException>(() => Of("example.org:1", null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingDataDirectory_IsNamed() =>
        Assert.Contains("--data DIR", Assert.Throws<OptionException>(() => Options(data: null)).Message, StringComparison.Ordinal);

    [Fact]
    public void MissingConfigFile_IsNamed() =>
        Assert.Contains("no file '/nowhere.conf'",
            Assert.Throws<OptionException>(() => ServerOptions.Of("/nowhere.conf", "d", null, null, [], _ => null)).Message, StringComparison.Ordinal);

    private static ServerOptions Options(string? data, string? grpc = null) => ServerOptions.Of(null, data, grpc, null, [], _ => null);
}
