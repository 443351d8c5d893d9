using Coordinator.Lab.GuestConsole;
using static Coordinator.Lab.Tests.ConsoleJudgeTests;

namespace Coordinator.Lab.Tests;

public sealed class ConsoleLogsTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("coordinator-console-").FullName;

    [Fact]
    public void Read_LineCutByTheMigration_IsJoined()
    {
        var cut = Tick(3);
        Write("source", Tick(1), Tick(2));
        Append("source", cut[..11]);
        Append("destination", cut[11..] + "\n" + Tick(4) + "\n");

        var report = new ConsoleLogs(At("source"), At("destination")).Read();

        Assert.Equal("boot 1a2b3c4d: ticks 1..4, 256 pages checked, 0 corrupt", report.ToString());
        Assert.True(report.IsIntact);
    }

    [Fact]
    public void Read_WhileBothGrow_JudgesEachLineOnce()
    {
        var logs = new ConsoleLogs(At("source"));
        Assert.Equal(0, logs.Read().Ticks);
        Write("source", Tick(1), Tick(2));
        Assert.Equal(2, logs.Read().LastTick);
        logs.Add(At("destination"));
        Write("source", Tick(3));
        Write("destination", Tick(4));

        var report = logs.Read();

        Assert.Equal((4, 4), (report.LastTick, report.Ticks));
        Assert.True(report.IsIntact);
    }

    [Fact]
    public void Read_TickLostBetweenHosts_IsMissing()
    {
        Write("source", Tick(1), Tick(2));
        Write("destination", Tick(4));

        var finding = Assert.Single(new ConsoleLogs(At("source"), At("destination")).Read().Findings);

        Assert.Equal((ConsoleFindingKind.TicksMissing, At("destination")), (finding.Kind, finding.Source));
    }

    [Fact]
    public void Read_DestinationBeganFromAnOlderState_IsRepeated()
    {
        Write("source", Tick(1), Tick(2), Tick(3));
        Write("destination", Tick(3), Tick(4));

        Assert.Equal(ConsoleFindingKind.TicksRepeated, Assert.Single(new ConsoleLogs(At("source"), At("destination")).Read().Findings).Kind);
    }

    [Fact]
    public void Read_FailedDestinationStaysEmpty_SourceGoesOn()
    {
        var logs = new ConsoleLogs(At("source"), At("failed"), At("destination"));
        Write("source", Tick(1));
        Write("failed");
        logs.Read();
        Write("source", Tick(2));
        Write("destination", Tick(3));

        Assert.True(logs.Read().IsIntact);
    }

    [Fact]
    public void Read_SourceTicksAfterTheDestination_IsTwoCopies()
    {
        var logs = new ConsoleLogs(At("source"), At("destination"));
        Write("source", Tick(1));
        Write("destination", Tick(2));
        logs.Read();
        Write("source", Tick(2));

        Assert.Equal(ConsoleFindingKind.OldCopyRan, Assert.Single(logs.Read().Findings).Kind);
    }

    [Fact]
    public void Read_LogWasTruncated_IsRefused()
    {
        Write("source", Tick(1), Tick(2));
        var logs = new ConsoleLogs(At("source"));
        logs.Read();
        File.WriteAllText(At("source"), "");

        Assert.Throws<LabFailure>(logs.Read);
    }

    [Fact]
    public async Task WaitForTick_NeverComes_SaysWhatWasSeen()
    {
        Write("source", Tick(1));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => new ConsoleLogs(At("source")).WaitForTick(2, TimeSpan.FromMilliseconds(50)));

        Assert.Contains("ticks 1..1", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string At(string name) => Path.Combine(folder, name);

    void Write(string name, params string[] lines) => Append(name, string.Concat(lines.Select(line => line + "\r\n")));

    void Append(string name, string text) => File.AppendAllText(At(name), text);
}
