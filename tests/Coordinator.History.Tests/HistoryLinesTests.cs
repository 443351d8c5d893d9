using System.Text;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class HistoryLinesTests
{
    public static TheoryData<HistoryRecord> EveryRecord => [.. Examples];

    private static IReadOnlyList<HistoryRecord> Examples =>
    [
        .. Good().Records,
        new RunEnded(1, Vm, AtSource, ProcessEnded: true),
        new AttemptPrepared(2, Vm, First, Source: null, Copy.OfPid(B, 4711), Store),
        new ResultSeen(3, Vm, Migration, MigrationPhase.Failed, Verdict: null),
        new ResultSeen(3, Vm, Migration, MigrationPhase.Succeeded, MigrationVerdict.VerifiedLapBlind),
        new GuestIntended(4, Vm, GuestIntent.Rest, "paused by \"its\" user"),
        new FaultBegan(5, Party.AgentLink(B, A), FaultKind.Cut),
        new FaultEnded(6, Party.Qemu(AtSource), FaultKind.Stopped),
        new SourceKeptByWord(6, Vm, First, AtSource),
        new CommandSent(7, Vm, AtSource, "c1", "main", "migrate", """{"uri":"tcp:10.0.0.1:4000"}"""),
        new CommandReplied(8, Vm, AtSource, "c1", Error: null, Run: "running", Status: "none"),
        new EventSeen(9, Vm, AtSource, "MIGRATION", "setup", ByObserver: true),
        new QemuLaunched(10, Vm, AtDestination, 4711, Incoming: true, ByObserver: false),
        new QemuExited(11, Vm, AtDestination, ByObserver: true),
        new WriterBegan(12, "agent-a-1", A),
        new WriterEnded(13, "agent-a-1"),
        new RecordsDropped(14, "agent-a-1", 3),
    ];

    [Theory]
    [MemberData(nameof(EveryRecord), DisableDiscoveryEnumeration = true)]
    public void Record_WrittenAndRead_IsEqual(HistoryRecord record)
    {
        string line = HistoryLines.Write(record);
        Assert.DoesNotContain('\n', line);
        Assert.Equal(record, HistoryLines.Read(line));
    }

    [Fact]
    public void EveryKindOfRecord_IsInTheTestAbove()
    {
        IEnumerable<Type> kinds = typeof(HistoryRecord).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(HistoryRecord)) && !type.IsAbstract);
        Assert.Equal(kinds.Select(kind => kind.Name).Order(), Examples.Select(record => record.GetType().Name).Distinct().Order());
    }

    [Fact]
    public void Line_OfARun_IsWhatTheFormatSays() => Assert.Equal(
        """{"record":"run-began","atMicros":1000,"vm":"vm-1","copy":{"host":"a","process":"aaaaaaaa000000000000000000000000"}}""",
        HistoryLines.Write(new RunBegan(1000, Vm, AtSource)));

    [Theory]
    [InlineData("""{"record":"no-such-record","atMicros":1}""")]
    [InlineData("""{"record":"run-began","atMicros":1,"vm":"Not A Name","copy":{"host":"a","process":"x"}}""")]
    [InlineData("nonsense")]
    [InlineData("null")]
    public void Line_ThatIsNoRecord_IsRefused(string line) => Assert.Throws<FormatException>(() => HistoryLines.Read(line));

    [Fact]
    public void Directory_OfTwoWriters_IsMergedByTimeWithoutTheTornLine()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("history-");
        try
        {
            HistoryRecord first = new RunBegan(1, Vm, AtSource), second = new RunEnded(2, Vm, AtSource, ProcessEnded: false), third = new RunBegan(3, Vm, AtDestination);
            File.WriteAllText(Path.Combine(directory.FullName, "one" + HistoryLines.FileExtension), HistoryLines.Write(first) + "\n" + HistoryLines.Write(third) + "\n{\"record\":\"run-be");
            using (FileStream other = File.Create(Path.Combine(directory.CreateSubdirectory("b").FullName, "two" + HistoryLines.FileExtension)))
            {
                HistoryLines.Write(second, other);
            }

            File.WriteAllText(Path.Combine(directory.FullName, "notes.txt"), "not a history");
            Assert.Equal([first, second, third], HistoryLines.ReadDirectory(directory.FullName));
            Assert.True(HistoryJudge.Judge(directory.FullName, new JudgeSettings()).IsGood);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void File_WithABadLineInTheMiddle_IsRefusedByItsNumber()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, HistoryLines.Write(new RunBegan(1, Vm, AtSource)) + "\nnonsense\n", Encoding.UTF8);
            Assert.Contains(path + ", line 2", Assert.Throws<FormatException>(() => HistoryLines.ReadFile(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
