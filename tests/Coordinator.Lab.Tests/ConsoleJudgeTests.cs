using Coordinator.Lab.GuestConsole;

namespace Coordinator.Lab.Tests;

public sealed class ConsoleJudgeTests
{
    [Fact]
    public void Observe_NextTickEachTime_IsIntact()
    {
        var report = Judge(Tick(1), "net sent=10 returned=9 repeated=0 served=8", Tick(2), "[    1.0] some kernel message", Tick(3));

        Assert.True(report.IsIntact);
        Assert.Equal((1, 3, 3), (report.FirstTick, report.LastTick, report.Ticks));
        Assert.Equal(new ConsoleLine.Net(10, 9, 0, 8), report.Net);
    }

    [Fact]
    public void Observe_NothingYet_IsNotIntact() => Assert.False(Judge("[    0.0] Linux version").IsIntact);

    [Fact]
    public void Observe_FirstTickIsNotOne_IsIntact() => Assert.True(Judge(Tick(500), Tick(501)).IsIntact);

    [Theory]
    [InlineData(3, ConsoleFindingKind.TicksMissing)]
    [InlineData(1, ConsoleFindingKind.TicksRepeated)]
    public void Observe_AnotherTickThanTheNext_IsFound(int second, ConsoleFindingKind expected) => Assert.Equal([expected], Kinds(Judge(Tick(1), Tick(second))));

    [Fact]
    public void Observe_OlderTickAgain_IsRepeated() => Assert.Equal([ConsoleFindingKind.TicksRepeated], Kinds(Judge(Tick(7), Tick(8), Tick(7), Tick(8))));

    [Fact]
    public void Observe_OtherBoot_IsReboot()
    {
        var report = Judge(Tick(1), Tick(2), Tick(1, boot: "0badcafe"), Tick(2, boot: "0badcafe"));

        Assert.Equal([ConsoleFindingKind.Rebooted], Kinds(report));
        Assert.Equal("1a2b3c4d", report.Boot);
    }

    [Fact]
    public void Observe_OtherBootWithTheNextNumber_IsStillReboot() =>
        Assert.Equal([ConsoleFindingKind.Rebooted], Kinds(Judge(Tick(1), Tick(2, boot: "0badcafe"))));

    [Fact]
    public void Observe_CorruptPages_AreFoundAndCounted()
    {
        var report = Judge(Tick(1), "corrupt page=7 want=3 found=7/2", Tick(2, corrupt: 1), Tick(3, corrupt: 1));

        Assert.Equal([ConsoleFindingKind.PagesCorrupt, ConsoleFindingKind.PagesCorrupt], Kinds(report));
        Assert.Equal(1, report.PagesCorrupt);
    }

    [Theory]
    [InlineData("[    6.553984] kernel BUG at lib/list_debug.c:27!", ConsoleFindingKind.KernelFault)]
    [InlineData("[    7.1] virtio_net virtio0: output.1:id 0 is not a head!", ConsoleFindingKind.KernelFault)]
    [InlineData("[    7.1] Kernel panic - not syncing: Attempted to kill init!", ConsoleFindingKind.KernelFault)]
    [InlineData("load error: load.rate=x is not a number from 0 to 20000", ConsoleFindingKind.LoadFailed)]
    [InlineData("tick 2 boot=1a2b", ConsoleFindingKind.LineTorn)]
    [InlineData("net sent=4tick 3 boot=1a2b3c4d", ConsoleFindingKind.LineTorn)]
    public void Observe_Complaint_IsFound(string line, ConsoleFindingKind expected) => Assert.Equal([expected], Kinds(Judge(Tick(1), line)));

    [Fact]
    public void Observe_EndlessFaults_AreBounded() =>
        Assert.Equal(ConsoleJudge.FindingLimit, Judge([.. Enumerable.Range(0, 1000).Select(number => Tick(number * 2))]).Findings.Count);

    internal static string Tick(long number, string boot = "1a2b3c4d", long corrupt = 0) =>
        $"tick {number} boot={boot} ms={number * 10} pages={(corrupt == 0 ? "ok" : "bad")} checked={number * 64} corrupt={corrupt}";

    static ConsoleReport Judge(params string[] lines)
    {
        var judge = new ConsoleJudge();
        foreach (var line in lines)
            judge.Observe(line, "console");
        return judge.Report();
    }

    static ConsoleFindingKind[] Kinds(ConsoleReport report) => [.. report.Findings.Select(finding => finding.Kind)];
}
