using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Akka.Configuration;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Platform;
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

        await new CommandOutlet(["sh", "-c", $"cat > {file}"]).DeliverAsync(Samples.Alert("7"), CancellationToken.None);

        string line = Assert.Single(await File.ReadAllLinesAsync(file));
        JsonElement alert = JsonDocument.Parse(line).RootElement;
        Assert.Equal(("7", "MigrationInDoubt", 4001, "docs/runbooks/migration-in-doubt.md"),
            (alert.GetProperty("id").GetString(), alert.GetProperty("kind").GetString(), alert.GetProperty("eventId").GetInt32(), alert.GetProperty("runbook").GetString()));
        Assert.Equal(Samples.Alert("7").Evidence, alert.GetProperty("evidence").GetString());
    }

    [Fact]
    public async Task Command_ThatFails_IsQuoted()
    {
        AlertRefusedException refused = await Assert.ThrowsAsync<AlertRefusedException>(
            () => new CommandOutlet(["sh", "-c", "echo no route >&2; exit 3"]).DeliverAsync(Samples.Alert("1"), CancellationToken.None));

        Assert.Equal("it ended with 3: no route", refused.Message);
        await Assert.ThrowsAsync<AlertRefusedException>(() => new CommandOutlet(["/nonexistent"]).DeliverAsync(Samples.Alert("1"), CancellationToken.None));
    }

    [Fact]
    public async Task Command_ThatHangs_IsKilledWithWhatItStarted()
    {
        string file = Path.Combine(_directory.Path, "pid");
        using CancellationTokenSource timeOut = new(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new CommandOutlet(["sh", "-c", $"sleep 600 & echo $! > {file}; wait"]).DeliverAsync(Samples.Alert("1"), timeOut.Token));

        string started = $"/proc/{(await File.ReadAllTextAsync(file)).Trim()}/stat";
        Assert.True(await Eventually.IsTrue(() => !File.Exists(started) || File.ReadAllText(started).Contains(") Z ", StringComparison.Ordinal), TimeSpan.FromSeconds(15)), "the child of the command lives");
    }

    [Theory]
    [InlineData(204, null)]
    [InlineData(503, "it answered 503")]
    public async Task Post_IsJudgedByItsStatus(int status, string? failure)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task<string> received = AnswerOne(listener, status);
        using HttpOutlet outlet = new(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/alerts"));

        Exception? thrown = await Record.ExceptionAsync(() => outlet.DeliverAsync(Samples.Alert("7"), CancellationToken.None));

        Assert.Equal(failure, thrown?.Message);
        string request = await received;
        Assert.StartsWith("POST /alerts HTTP/1.1", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json", request, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"7\"", request, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_AreReadAndRefused()
    {
        AlertSettings shipped = AlertSettings.Of(CoordinatorConfig.Load());
        Assert.Equal((true, null, TimeSpan.FromSeconds(10)), (shipped.Command.IsEmpty, shipped.Url, shipped.TimeOut));
        AlertSettings set = Parse("""{ command = ["a", "b c"], url = "https://x/y", time-out = 2s }""");
        Assert.Equal(["a", "b c"], set.Command.ToArray());
        Assert.Equal(("https://x/y", TimeSpan.FromSeconds(2)), (set.Url!.ToString(), set.TimeOut));
        Assert.Contains("must be an address", Assert.Throws<ConfigurationException>(() => Parse("{ url = \"ftp://x\" }")).Message, StringComparison.Ordinal);
        Assert.Contains("between 100ms and 10m", Assert.Throws<ConfigurationException>(() => Parse("{ time-out = 1ms }")).Message, StringComparison.Ordinal);

        static AlertSettings Parse(string section) => AlertSettings.Of(ConfigurationFactory.ParseString($"coordinator.alerts {section}"));
    }

    private static async Task<string> AnswerOne(TcpListener listener, int status)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        byte[] buffer = new byte[16_384];
        string text = "";
        while (!text.Contains("\r\n\r\n", StringComparison.Ordinal) || !text.EndsWith('}'))
        {
            text += System.Text.Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
        }

        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        return text;
    }
}
