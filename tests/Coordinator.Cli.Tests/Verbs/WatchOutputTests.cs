using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class WatchOutputTests : IAsyncLifetime
{
    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync()
    {
        coordinator = await FakeCoordinator.Start();
        coordinator.Answers<StartMigrationRequest>(_ => Samples.Requested()).Answers<GetMigrationRequest>(_ => Samples.Iterating()).Answers<CancelMigrationRequest>(_ => Samples.Iterating());
    }

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public async Task Watch_WithoutTerminal_WritesLinesAndTheResult()
    {
        Shows(Samples.Requested(), Samples.Iterating(), Samples.Succeeded());

        var run = await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta", "--watch");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Golden.Matches("watch-plain", run.Output);
    }

    [Fact]
    public async Task Watch_OnATerminal_RedrawsAndLeavesTheWholePage()
    {
        Shows(Samples.Requested(), Samples.Iterating(), Samples.Succeeded());

        var run = await CoordctlRun.With(new() { Terminal = true }, "migrate", "demo", "--to", "beta", "--watch", "--server", coordinator.Url);

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        // Hides the cursor, draws, goes up and draws again; then clears it all and writes the page that stays.
        Assert.StartsWith("\u001b[?25l", run.Output, StringComparison.Ordinal);
        var parts = run.Output.Split("\u001b[?25h");
        Assert.Equal(2, parts.Length);
        Assert.Contains("pass 2, 27.8 MiB of 256.5 MiB remaining", parts[0], StringComparison.Ordinal);
        Assert.Contains("\u001b[16A", parts[0], StringComparison.Ordinal);
        Assert.EndsWith("\u001b[2K", parts[0], StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2K", parts[1], StringComparison.Ordinal);
        Assert.Contains("Timeline (as journalled)", parts[1], StringComparison.Ordinal);
        Assert.Contains("\u001b[32mVerified\u001b[0m", parts[1], StringComparison.Ordinal);
        Assert.EndsWith("demo runs on beta, Verified\n", parts[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Suspect", ExitCode.InDoubt)]
    [InlineData("Verified(lap-blind)", ExitCode.Ok)]
    public async Task Watch_Verdict_DecidesTheExitCode(string verdict, int expected)
    {
        var ended = Samples.Succeeded();
        ended.Verdict = verdict;
        Shows(ended);

        Assert.Equal(expected, (await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta", "--watch")).ExitCode);
    }

    [Fact]
    public async Task Watch_Doubt_EndsTheWatch()
    {
        coordinator.OnWatch = async (_, send, stop) =>
        {
            await send(Samples.InDoubt());
            await Eventually.Never(stop);
        };

        var run = await CoordctlRun.Of(coordinator, "migrate", "demo", "--to", "beta", "--watch");

        Assert.Equal(ExitCode.InDoubt, run.ExitCode);
        Assert.Contains("it is in doubt where demo runs: beta is unreachable", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelWatch_SourceKeepsTheGuest_IsDone()
    {
        var ended = Samples.Refused();
        (ended.Phase, ended.Verdict, ended.Reason) = ("Cancelled", "", "cancelled by request c1");
        Shows(Samples.Iterating(), ended);

        var run = await CoordctlRun.Of(coordinator, "cancel", "demo", "--watch");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.EndsWith("the migration was cancelled; demo stays on alpha: cancelled by request c1\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_Interrupted_SaysThatTheMigrationGoesOn()
    {
        using var interrupted = new CancellationTokenSource();
        coordinator.OnWatch = async (_, send, stop) =>
        {
            await send(Samples.Iterating());
            await interrupted.CancelAsync();
            await Eventually.Never(stop);
        };

        var run = await CoordctlRun.With(new() { Interrupted = interrupted.Token }, "migrate", "demo", "--to", "beta", "--watch", "--server", coordinator.Url);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Contains("no longer watching; the migration of demo goes on", run.Error, StringComparison.Ordinal);
    }

    void Shows(params Migration[] seen) => coordinator.OnWatch = async (_, send, _) =>
    {
        foreach (var migration in seen)
            await send(migration);
    };
}
