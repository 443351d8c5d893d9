using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Coordinator.Client;

namespace Coordinator.Actors.Tests.ControlPlanes;

public sealed class CoordinatorClientTests : TestKit
{
    public CoordinatorClientTests()
        : base(ConfigurationFactory.ParseString("akka.loggers = []").WithFallback(ControlPlaneConfig.Default))
    {
    }

    [Fact]
    public async Task NobodyThere_IsSaidAfterThePatience()
    {
        CoordinatorClient client = CoordinatorClient.Connect(Sys, ["127.0.0.1:1"], TimeSpan.FromSeconds(1));

        CoordinatorUnavailableException e = await Assert.ThrowsAsync<CoordinatorUnavailableException>(() => client.GetMigration("web-1"));
        Assert.Contains("repeat it with the same request id", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("")]
    public void AddressThatIsNone_IsRefusedByName(string address) =>
        Assert.Contains($"'{address}' is not HOST:PORT", Assert.Throws<ArgumentException>(() => CoordinatorClient.Connect(Sys, [address])).Message, StringComparison.Ordinal);
}
