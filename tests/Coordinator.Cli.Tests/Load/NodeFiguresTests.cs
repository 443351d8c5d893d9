using Coordinator.Cli.Load;
using Xunit;

namespace Coordinator.Cli.Tests.Load;

public sealed class NodeFiguresTests
{
    const string Page = """
        # TYPE coordinator_journal_events_total counter
        coordinator_journal_events_total 120
        coordinator_journal_bytes_total 9000
        process_cpu_seconds_total 1.5
        coordinator_heap_live_bytes 5e6
        process_working_set_bytes 7000000
        coordinator_migrations{phase="Iterating"} 3
        """;

    [Fact]
    public void Page_IsRead() => Assert.Equal(new NodeFigures(120, 9_000, 1.5, 5_000_000, 7_000_000), NodeFigures.Parse(Page));

    [Fact]
    public void PageOfAnOlderCoordinator_SaysWhatIsMissing() =>
        Assert.Contains("it has no coordinator_journal_bytes_total", Assert.Throws<FormatException>(() => NodeFigures.Parse("coordinator_journal_events_total 1\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void NodeThatWasStartedAgain_CountsFromZero()
    {
        NodeFigures before = new(100, 1_000, 10, 50, 60);

        Assert.Equal(new NodeFigures(20, 500, 1, 5, 6), new NodeFigures(120, 1_500, 11, 5, 6).Since(before));
        Assert.Equal(new NodeFigures(7, 70, 2, 5, 6), new NodeFigures(7, 70, 2, 5, 6).Since(before));
    }
}
