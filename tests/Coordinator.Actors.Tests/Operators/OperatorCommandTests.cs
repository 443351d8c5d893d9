using Akka.Configuration;
using Coordinator.Actors.Operators;
using Coordinator.Actors.Tests.Platform;

namespace Coordinator.Actors.Tests.Operators;

public sealed class OperatorCommandTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("exit 0", 0, "ended with 0")]
    [InlineData("echo no route >&2; exit 3", 3, "ended with 3: no route")]
    [InlineData("printf 'outlet 7\\n\\tis dark\\n'; echo sure >&2", 0, "ended with 0: outlet 7 is dark sure")]
    public async Task Command_IsToldByCodeAndWords(string script, int code, string sentence)
    {
        OperatorAnswer answer = await Shell(script).RunAsync("", CancellationToken.None);

        Assert.Equal((code, sentence), (answer.Code, answer.Sentence));
    }

    [Fact]
    public async Task Command_ThatCannotBeStarted_HasNoCode()
    {
        OperatorAnswer answer = await new OperatorCommand(["/nonexistent"]).RunAsync("", CancellationToken.None);

        Assert.Null(answer.Code);
        Assert.StartsWith("cannot be started: ", answer.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ThatReadsNothing_IsJudgedByItsCode() =>
        Assert.Equal(0, (await Shell("exec <&-; exit 0").RunAsync(new string('x', 1 << 20), CancellationToken.None)).Code);

    [Fact]
    public async Task Command_ThatTalksALot_IsShortenedAndNotHeldUp()
    {
        OperatorAnswer answer = await Shell("head -c 3000000 /dev/zero | tr '\\0' y").RunAsync("", CancellationToken.None);

        Assert.Equal(0, answer.Code);
        Assert.InRange(answer.Sentence.Length, 800, 900);
    }

    [Fact]
    public async Task Command_ThatLeavesSomethingRunning_IsAnsweredWhenItEnds()
    {
        string file = Path.Combine(_directory.Path, "pid");
        using CancellationTokenSource limit = new(s_patience);

        OperatorAnswer answer = await Shell($"sleep 600 & echo $! > {file}; echo off").RunAsync("", limit.Token);

        Assert.Equal((0, "ended with 0: off"), (answer.Code, answer.Sentence));
        System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(file), System.Globalization.CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public async Task Command_ThatHangs_IsKilledWithWhatItStarted()
    {
        string file = Path.Combine(_directory.Path, "pid");
        using CancellationTokenSource stop = new();
        Task<OperatorAnswer> running = Shell($"sleep 600 & echo $! > {file}.new; mv {file}.new {file}; wait").RunAsync("", stop.Token);
        Assert.True(await Eventually.IsTrue(() => File.Exists(file), s_patience), "the command has started something");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        string started = $"/proc/{(await File.ReadAllTextAsync(file)).Trim()}/stat";
        Assert.True(await Eventually.IsTrue(() => IsDead(started), s_patience), "the child of the command lives");
    }

    [Theory]
    [InlineData("{ command = [] }", null)]
    [InlineData("{ command = [fence, \"{host}\"] }", "fence")]
    [InlineData("{}", null)]
    public void Setting_IsReadWordByWord(string section, string? name) =>
        Assert.Equal(name, OperatorCommand.Read(ConfigurationFactory.ParseString(section), "x")?.Name);

    [Fact]
    public void Setting_WithoutAProgramsName_IsRefused() =>
        Assert.Contains("coordinator.x.command", Assert.Throws<ConfigurationException>(() => OperatorCommand.Read(ConfigurationFactory.ParseString("{ command = [\"\", a] }"), "coordinator.x.command")).Message,
            StringComparison.Ordinal);

    private static OperatorCommand Shell(string script) => new(["sh", "-c", script]);

    private static bool IsDead(string stat)
    {
        try
        {
            return File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
