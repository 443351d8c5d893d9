using Coordinator.Cli.Local;
using Xunit;

namespace Coordinator.Cli.Tests.Local;

public sealed class DataLayoutTests
{
    [Fact]
    public void RunDirectory_LongPath_IsShortAndAlwaysTheSame()
    {
        var root = $"/home/somebody/{new string('d', 80)}";

        var run = new DataLayout(root).RunDirectory("alpha");

        Assert.InRange(run.Length, 1, 66);
        Assert.Equal(run, new DataLayout(root).RunDirectory("alpha"));
        Assert.NotEqual(run, new DataLayout(root + "2").RunDirectory("alpha"));
    }

    [Fact]
    public void RunDirectory_ShortPath_LiesWithTheRest() => Assert.Equal("/srv/c/hosts/alpha/run", new DataLayout("/srv/c").RunDirectory("alpha"));
}
