namespace Coordinator.Qmp.Tests.Connection;

public sealed class EndpointTests
{
    [Theory]
    [InlineData("unix:/run/vm/qmp.sock")]
    [InlineData("tcp:host.example:4444")]
    [InlineData("tcp:[::1]:4444")]
    public void Parse_IsTheInverseOfToString(string text) => Assert.Equal(text, QmpEndpoint.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("/run/vm/qmp.sock")]
    [InlineData("unix:")]
    [InlineData("tcp:host")]
    [InlineData("tcp::4444")]
    [InlineData("tcp:host:0")]
    [InlineData("tcp:host:65536")]
    [InlineData("tcp:host:-1")]
    [InlineData("udp:host:1")]
    public void Parse_AnythingElse_IsRefused(string text) => Assert.Throws<FormatException>(() => QmpEndpoint.Parse(text));

    [Fact]
    public void Unix_PathLongerThanLinuxAllows_IsRefusedWithTheFigures()
    {
        Assert.Equal(107, QmpEndpoint.Unix("/" + new string('a', 106)).Path!.Length);
        var refused = Assert.Throws<ArgumentException>(() => QmpEndpoint.Unix("/" + new string('ü', 54)));

        Assert.Contains("has 109 bytes; Unix allows 107", refused.Message, StringComparison.Ordinal);
    }
}
