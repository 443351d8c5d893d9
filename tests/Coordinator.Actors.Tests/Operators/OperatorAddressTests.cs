using Akka.Configuration;
using Coordinator.Actors.Operators;

namespace Coordinator.Actors.Tests.Operators;

public sealed class OperatorAddressTests
{
    [Theory]
    [InlineData(200, "is dark", "answered 200: is dark")]
    [InlineData(503, "", "answered 503")]
    public async Task Post_IsToldByStatusAndBody(int status, string body, string sentence)
    {
        await using StubServer server = await StubServer.Start(status, body);

        OperatorAnswer answer = await new OperatorAddress(new Uri($"{server.Root}/off")).PostAsync("{}", CancellationToken.None);

        Assert.Equal((status, sentence), (answer.Code, answer.Sentence));
        Assert.Equal("POST /off application/json {}", Assert.Single(server.Requests));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    public async Task Redirect_IsNotFollowed(int status)
    {
        await using StubServer server = await StubServer.Start(context =>
        {
            context.Response.StatusCode = context.Request.Path == "/login" ? 200 : status;
            context.Response.Headers.Location = "/login";
            return Task.CompletedTask;
        });

        OperatorAnswer answer = await new OperatorAddress(new Uri($"{server.Root}/off")).PostAsync("{}", CancellationToken.None);

        Assert.Equal(status, answer.Code);
        Assert.Contains("redirects are not followed", answer.Sentence, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task NobodyThere_HasNoCode()
    {
        StubServer server = await StubServer.Start(200);
        string root = server.Root;
        await server.DisposeAsync();

        OperatorAnswer answer = await new OperatorAddress(new Uri(root)).PostAsync("{}", CancellationToken.None);

        Assert.Null(answer.Code);
        Assert.StartsWith("gave no answer: ", answer.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://ann:secret@fence.example:8443/off?token=secret#secret", "https://fence.example:8443/off")]
    [InlineData("http://fence/", "http://fence/")]
    public void Name_HoldsNoCredentials(string url, string name) =>
        Assert.Equal(name, OperatorAddress.Read(ConfigurationFactory.ParseString($"url = \"{url}\""), "x")!.Name);

    [Theory]
    [InlineData("ftp://fence/off")]
    [InlineData("fence")]
    [InlineData("/off")]
    public void Setting_ThatIsNoWebAddress_IsRefused(string url) => Assert.Contains(
        "coordinator.x.url", Assert.Throws<ConfigurationException>(() => OperatorAddress.Read(ConfigurationFactory.ParseString($"url = \"{url}\""), "coordinator.x.url")).Message, StringComparison.Ordinal);

    [Fact]
    public void Setting_ThatIsEmpty_IsNone() => Assert.Null(OperatorAddress.Read(ConfigurationFactory.ParseString("url = \"\""), "x"));
}
