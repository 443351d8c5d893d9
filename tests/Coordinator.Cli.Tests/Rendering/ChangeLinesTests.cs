using Coordinator.Cli.Rendering;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Xunit;

namespace Coordinator.Cli.Tests.Rendering;

public sealed class ChangeLinesTests
{
    [Fact]
    public void Between_WholeLife_TellsEveryEventOnce()
    {
        Migration[] life = [Samples.Requested(), Samples.Iterating(), Samples.Succeeded()];

        var lines = life.Select((now, index) => ChangeLines.Between(index == 0 ? null : life[index - 1], now)).SelectMany(lines => lines).ToList();

        Golden.Matches("lines-succeeded", string.Join('\n', lines) + "\n");
        Assert.All(life[^1].Timeline, entry => Assert.Single(lines, line => line.Contains($" {entry.Event}", StringComparison.Ordinal) && line.EndsWith(entry.Detail, StringComparison.Ordinal)));
    }

    [Fact]
    public void Between_NothingNew_SaysNothing() => Assert.Empty(ChangeLines.Between(Samples.Iterating(), Samples.Iterating()));

    [Fact]
    public void IsMinor_SampleSoonAfterAnother_IsHeldBack()
    {
        var soon = Samples.Iterating();
        soon.Progress.ElapsedMs += 160;
        var later = Samples.Iterating();
        later.Progress.ElapsedMs += 1100;
        var nextPass = soon.Clone();
        nextPass.Progress.Pass++;

        Assert.True(ChangeLines.IsMinor(Samples.Iterating(), soon));
        Assert.False(ChangeLines.IsMinor(Samples.Iterating(), later));
        Assert.False(ChangeLines.IsMinor(Samples.Iterating(), nextPass));
        Assert.False(ChangeLines.IsMinor(Samples.Iterating(), Samples.Succeeded()));
    }
}
