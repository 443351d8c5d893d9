using System.Text.Json;
using Akka.Configuration;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Operators;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Operators;
using Coordinator.Actors.Tests.Platform;

namespace Coordinator.Actors.Tests.Alerts;

public sealed class AlertOutletTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Command_GetsTheAlertAsOneLineOnItsInput()
    {
        string file = Path.Combine(_directory.Path, "alert.json");

        await new CommandOutlet(new OperatorCommand(["sh", "-c", $"cat > {file}"])).DeliverAsync(Samples.Alert("7"), CancellationToken.None);

        string line = Assert.Single(await File.ReadAllLinesAsync(file));
        JsonElement alert = JsonDocument.Parse(line).RootElement;
        Assert.Equal(("7", "MigrationInDoubt", 4001, "docs/runbooks/migration-in-doubt.md"),
            (alert.GetProperty("id").GetString(), alert.GetProperty("kind").GetString(), alert.GetProperty("eventId").GetInt32(), alert.GetProperty("runbook").GetString()));
        Assert.Equal(Samples.Alert("7").Evidence, alert.GetProperty("evidence").GetString());
    }

    [Fact]
    public async Task Command_ThatFails_IsQuoted()
    {
        Assert.Equal("it ended with 3: no route", (await Refused(new CommandOutlet(new OperatorCommand(["sh", "-c", "echo no route >&2; exit 3"])))).Message);
        Assert.StartsWith("it cannot be started: ", (await Refused(new CommandOutlet(new OperatorCommand(["/nonexistent"])))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    public async Task Post_ThatIsTaken_CarriesTheAlert(int status)
    {
        await using StubServer server = await StubServer.Start(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        await new HttpOutlet(new OperatorAddress(new Uri($"{server.Root}/alerts"))).DeliverAsync(Samples.Alert("7"), CancellationToken.None);

        string request = Assert.Single(server.Requests);
        Assert.StartsWith("POST /alerts application/json", request, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"7\"", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(302, "it answered 302, and redirects are not followed: who are you?")]
    [InlineData(503, "it answered 503: who are you?")]
    public async Task Post_ThatIsNotTaken_IsQuoted(int status, string sentence)
    {
        await using StubServer server = await StubServer.Start(status, "who are you?");

        Assert.Equal(sentence, (await Refused(new HttpOutlet(new OperatorAddress(new Uri(server.Root))))).Message);
    }

    [Fact]
    public void Settings_AreReadAndRefused()
    {
        AlertSettings shipped = AlertSettings.Of(CoordinatorConfig.Load());
        Assert.Null(shipped.Command);
        Assert.Null(shipped.Address);
        Assert.Equal(TimeSpan.FromSeconds(10), shipped.TimeOut);
        AlertSettings set = Parse("""{ command = ["a", "b c"], url = "https://x/y", time-out = 2s }""");
        Assert.Equal(["a", "b c"], set.Command!.Line.ToArray());
        Assert.Equal(("https://x/y", TimeSpan.FromSeconds(2)), (set.Address!.Url.ToString(), set.TimeOut));
        Assert.Contains("must be an address", Assert.Throws<ConfigurationException>(() => Parse("{ url = \"ftp://x\" }")).Message, StringComparison.Ordinal);
        Assert.Contains("between 100ms and 10m", Assert.Throws<ConfigurationException>(() => Parse("{ time-out = 1ms }")).Message, StringComparison.Ordinal);

        static AlertSettings Parse(string section) => AlertSettings.Of(ConfigurationFactory.ParseString($"coordinator.alerts {section}"));
    }

    private static Task<AlertRefusedException> Refused(IAlertOutlet outlet) =>
        Assert.ThrowsAsync<AlertRefusedException>(() => outlet.DeliverAsync(Samples.Alert("1"), CancellationToken.None));
}
