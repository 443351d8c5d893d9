using Coordinator.Domain;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class HistoryWriterTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("history-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Writer_Disposed_HasWrittenEverythingInOrderAndItsEnd()
    {
        HistoryWriter writer = HistoryWriter.Create(_directory.FullName, "agent-a", A, () => 7);
        HistoryRecord[] added = [.. Enumerable.Range(0, 5_000).Select(i => new RunBegan(7, Vm, Copy.OfPid(A, i)))];
        foreach (HistoryRecord record in added)
        {
            writer.Add(record);
        }

        await writer.DisposeAsync();
        await writer.DisposeAsync();
        IReadOnlyList<HistoryRecord> read = HistoryLines.ReadDirectory(_directory.FullName);
        WriterBegan began = Assert.IsType<WriterBegan>(read[0]);
        Assert.Equal(A, began.Host);
        Assert.Equal(added, read.Skip(1).SkipLast(1));
        Assert.Equal(new WriterEnded(7, began.Writer), read[^1]);
    }

    [Fact]
    public async Task TwoLives_InOneDirectory_HaveFilesAndOperationsOfTheirOwn()
    {
        long now = 0;
        await using HistoryWriter one = HistoryWriter.Create(_directory.FullName, "agent-a", A, () => ++now);
        await using HistoryWriter two = HistoryWriter.Create(_directory.FullName, "agent-a", A, () => ++now);
        string[] operations = [one.NextOperation(), one.NextOperation(), two.NextOperation()];
        Assert.Equal(3, operations.Distinct().Count());
        Assert.Equal(2, _directory.GetFiles("*" + HistoryLines.FileExtension).Length);
    }

    [Fact]
    public async Task Record_AfterTheEnd_IsLeftOut()
    {
        HistoryWriter writer = HistoryWriter.Create(_directory.FullName, "test", host: null, HistoryClock.NowMicros);
        await writer.DisposeAsync();
        writer.Add(new RunBegan(1, Vm, AtSource));
        Assert.DoesNotContain(HistoryLines.ReadDirectory(_directory.FullName), record => record is RunBegan);
    }
}
