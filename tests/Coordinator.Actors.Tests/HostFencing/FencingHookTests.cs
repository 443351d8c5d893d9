using Akka.Configuration;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Operators;
using Coordinator.Domain;

namespace Coordinator.Actors.Tests.HostFencing;

/// <summary>A wrong "yes" of these makes two copies of a guest.</summary>
public sealed class FencingHookTests
{
    private static readonly HostName s_host = new("host-b");
    private static readonly VmName s_vm = new("web-1");

    [Theory]
    [InlineData("echo port 7 is dead", true, "sh ended with 0: port 7 is dead")]
    [InlineData("echo no such outlet >&2; exit 1", false, "sh ended with 1: no such outlet")]
    [InlineData("echo {host} {vm} {other}", true, "sh ended with 0: host-b web-1 {other}")]
    [InlineData("kill -9 $$", false, "sh ended with 137")]
    public async Task Command_SaysOffByItsExitCode(string script, bool isOff, string said) =>
        Assert.Equal(new FencingAnswer(isOff, said), await Ask($"command = [sh, -c, \"{script}\"]"));

    [Theory]
    [InlineData("command = [/nonexistent]", "/nonexistent cannot be started: ")]
    [InlineData("command = [sh, -c, \"sleep 600\"], time-out = 1s", "sh did not end within 1 s")]
    [InlineData("url = \"http://127.0.0.1:9/off\"", "http://127.0.0.1:9/off gave no answer: ")]
    [InlineData("", "no fencing hook is configured")]
    public async Task HookThatDoesNotAnswer_ProvesNothing(string section, string said)
    {
        FencingAnswer answer = await Ask(section);

        Assert.False(answer.IsOff);
        Assert.StartsWith(said, answer.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"off": "host-b", "outlet": 7}""", true)]
    [InlineData(200, """{"off": "host-a"}""", false)]
    [InlineData(200, """{"off": true}""", false)]
    [InlineData(200, """["off", "host-b"]""", false)]
    [InlineData(200, "<html>Welcome to nginx!</html>", false)]
    [InlineData(200, "", false)]
    [InlineData(201, """{"off": "host-b"}""", false)]
    [InlineData(202, """{"off": "host-b"}""", false)]
    [InlineData(401, """{"off": "host-b"}""", false)]
    [InlineData(500, """{"off": "host-b"}""", false)]
    public async Task Post_SaysOffOnlyByNamingTheHost(int status, string body, bool isOff)
    {
        await using StubServer server = await StubServer.Start(status, body);

        FencingAnswer answer = await Ask($"url = \"{server.Root}/off?token=secret\"");

        Assert.Equal(isOff, answer.IsOff);
        Assert.Equal("""POST /off application/json {"host":"host-b","vm":"web-1"}""", Assert.Single(server.Requests));
        Assert.StartsWith($"{server.Root}/off answered {status}", answer.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoginPage_IsNoProof()
    {
        await using StubServer server = await StubServer.Start(context =>
        {
            if (context.Request.Path == "/login")
            {
                return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, """{"off": "host-b"}""");
            }

            context.Response.Redirect("/login");
            return Task.CompletedTask;
        });

        Assert.False((await Ask($"url = \"{server.Root}/off\"")).IsOff);
    }

    [Fact]
    public async Task Post_ThatHangs_ProvesNothing()
    {
        await using StubServer server = await StubServer.Start(context => Eventually.Never(context.RequestAborted));

        FencingAnswer answer = await Ask($"url = \"{server.Root}/off\", time-out = 1s");

        Assert.Equal(new FencingAnswer(IsOff: false, $"{server.Root}/off did not end within 1 s"), answer);
    }

    [Theory]
    [InlineData("command = [a], url = \"http://x/\"", "both a command and a url")]
    [InlineData("url = \"ftp://x/\"", "coordinator.fencing.url")]
    [InlineData("command = [\" \"]", "coordinator.fencing.command")]
    [InlineData("command = [a], time-out = 500ms", "not between 1 s and 10 min")]
    [InlineData("command = [a], time-out = 11m", "not between 1 s and 10 min")]
    [InlineData("automatic = on", "neither a command nor a url")]
    [InlineData("command = [a], automatic = on, automatic-after = 9s", "automatic-after")]
    public void Settings_ThatCannotBeMeant_AreRefused(string section, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<ConfigurationException>(() => Read(section)).Message, StringComparison.Ordinal);

    [Fact]
    public void Settings_AreThoseOfTheFile()
    {
        Assert.IsType<NoFencingHook>(FencingSettings.Read(CoordinatorConfig.Load()));
        Assert.Null(Read("command = [a]").AutomaticAfter);
        Assert.Equal(TimeSpan.FromMinutes(1), Read("command = [a], automatic = on").AutomaticAfter);
        Assert.Equal(TimeSpan.FromSeconds(20), Read("url = \"http://x/\", automatic = on, automatic-after = 20s").AutomaticAfter);
    }

    private static Task<FencingAnswer> Ask(string section) => Read(section).ProveOffAsync(s_host, s_vm, CancellationToken.None);

    private static IFencingHook Read(string section) =>
        FencingSettings.Read(ConfigurationFactory.ParseString($"coordinator.fencing {{ {section} }}").WithFallback(CoordinatorConfig.Load()));
}
