using System.Text;
using Coordinator.Agent.State;
using Xunit;

namespace Coordinator.Agent.Tests.State;

public sealed class AgentStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string State => _directory["state"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task AppendAsync_Records_AreReadBackInOrderAfterReopening()
    {
        using (var store = AgentStore.Open(State))
        {
            Assert.Equal(StoreOrigin.Created, store.Origin);
            await store.AppendAsync("web-1", [Record("launched", "l1"), Record("started", "1")]);
            await store.AppendAsync("web-2", [Record("tombstone", "4")]);
            await store.AppendAsync("web-1", [Record("completed", "1")]);
        }

        using var again = AgentStore.Open(State);
        Assert.Equal(StoreOrigin.Continued, again.Origin);
        Assert.Equal(["launched l1", "started 1", "completed 1"], again.ReadAll("web-1").Select(Text));
        Assert.Equal(["tombstone 4"], again.ReadAll("web-2").Select(Text));
        Assert.Empty(again.ReadAll("web-3"));
        Assert.Equal(["web-1", "web-2"], again.Vms());
        Assert.All(again.ReadAll("web-1"), record => Assert.Equal(again.InstanceId, record.InstanceId));
    }

    [Fact]
    public async Task AppendAsync_FromManyCallers_KeepsEachVmsOrder()
    {
        using var store = AgentStore.Open(State);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async vm =>
        {
            for (var i = 0; i < 25; i++)
            {
                await store.AppendAsync($"vm-{vm}", [Record("n", $"{i}"), Record("n", $"{i}b")]);
            }
        }));

        Assert.All(Enumerable.Range(0, 20), vm =>
            Assert.Equal(Enumerable.Range(0, 25).SelectMany(i => new[] { $"n {i}", $"n {i}b" }), store.ReadAll($"vm-{vm}").Select(Text)));
        Assert.Equal(1000, store.LastSequence);
    }

    [Fact]
    public async Task SaveStepAsync_Repeated_GivesTheFirstAnswerAndRecordsNothingTwice()
    {
        using (var store = AgentStore.Open(State))
        {
            Assert.Null(store.TryGetStep("web-1", 3, 1));
            Assert.Equal("first"u8.ToArray(), await store.SaveStepAsync("web-1", 3, 1, "first"u8.ToArray(), [Record("launched", "l1")]));
            Assert.Equal("first"u8.ToArray(), await store.SaveStepAsync("web-1", 3, 1, "second"u8.ToArray(), [Record("launched", "l2")]));
            await store.SaveStepAsync("web-1", 4, 1, ReadOnlyMemory<byte>.Empty);
        }

        using var again = AgentStore.Open(State);
        Assert.Equal("first"u8.ToArray(), again.TryGetStep("web-1", 3, 1));
        Assert.Empty(again.TryGetStep("web-1", 4, 1)!);
        Assert.Null(again.TryGetStep("web-1", 3, 2));
        Assert.Equal(["launched l1"], again.ReadAll("web-1").Select(Text));
        await again.ForgetStepsBelowAsync("web-1", 4);
        Assert.Null(again.TryGetStep("web-1", 3, 1));
        Assert.NotNull(again.TryGetStep("web-1", 4, 1));
    }

    [Fact]
    public async Task ReplaceAsync_PutsASummaryInPlaceOfOldRecordsOnly()
    {
        using var store = AgentStore.Open(State);
        await store.AppendAsync("web-1", [Record("a", "1"), Record("a", "2")]);
        await store.AppendAsync("web-2", [Record("a", "1")]);
        var through = store.ReadAll("web-1")[^1].Sequence;
        await store.AppendAsync("web-1", [Record("a", "3")]);
        var last = store.LastSequence;
        await store.ReplaceAsync("web-1", through, [Record("summary", "1-2")]);

        Assert.Equal(["a 3", "summary 1-2"], store.ReadAll("web-1").Select(Text));
        Assert.Equal(["a 1"], store.ReadAll("web-2").Select(Text));
        Assert.True(store.LastSequence > last);
        await store.ReplaceAsync("web-1", long.MaxValue, []);
        Assert.True(store.LastSequence > last);
    }

    [Fact]
    public void Open_WhileAnotherAgentHasIt_IsRefusedAndNamesIt()
    {
        using var store = AgentStore.Open(State);

        var e = Assert.Throws<AgentStoreException>(() => AgentStore.Open(State));
        Assert.Equal(StoreFault.InUse, e.Fault);
        Assert.Contains($"is in use by process {Environment.ProcessId}; two agents must not share one.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DatabaseGoneButRegistersLeft_IsANewInstanceWhoseRegistersAreUnknown()
    {
        Guid first;
        using (var store = AgentStore.Open(State))
        {
            first = store.InstanceId;
            store.Registers.Create("web-1", 1).Dispose();
        }

        foreach (var file in Directory.GetFiles(State, StoreDatabase.FileName + "*"))
        {
            File.Delete(file);
        }

        using var again = AgentStore.Open(State);
        Assert.NotEqual(first, again.InstanceId);
        Assert.Equal(StoreOrigin.Created, again.Origin);
        Assert.Equal([("web-1", 1L)], again.Registers.Existing());
        using var register = again.Registers.Open("web-1", 1);
        Assert.Equal(RegisterValue.Unknown, register.Value);
        using var repeated = again.Registers.Create("web-1", 1);
        Assert.Equal(RegisterValue.Unknown, repeated.Value);
    }

    [Fact]
    public async Task Open_DirectoryRestoredFromABackup_IsANewInstance()
    {
        Guid first;
        using (var store = AgentStore.Open(State))
        {
            first = store.InstanceId;
            await store.AppendAsync("web-1", [Record("started", "1")]);
            store.Registers.Create("web-1", 1).Dispose();
        }

        CopyDirectory(State, _directory["backup"]);
        Directory.Delete(State, recursive: true);
        CopyDirectory(_directory["backup"], State);

        using (var restored = AgentStore.Open(State))
        {
            Assert.NotEqual(first, restored.InstanceId);
            Assert.Equal(StoreOrigin.Restored, restored.Origin);
            var record = Assert.Single(restored.ReadAll("web-1"));
            Assert.Equal(first, record.InstanceId);
            using var register = restored.Registers.Open("web-1", 1);
            Assert.Equal(RegisterValue.Unknown, register.Value);
            first = restored.InstanceId;
        }

        using var again = AgentStore.Open(State);
        Assert.Equal((first, StoreOrigin.Continued), (again.InstanceId, again.Origin));
    }

    [Fact]
    public void Open_DamagedDatabase_SaysWhatToDo()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Path.Combine(State, StoreDatabase.FileName), new string('x', 8192));

        var e = Assert.Throws<AgentStoreException>(() => AgentStore.Open(State));
        Assert.Equal(StoreFault.Damaged, e.Fault);
        Assert.Contains("Move the state directory aside", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DatabaseOfANewerAgent_IsRefused()
    {
        AgentStore.Open(State).Dispose();
        using (var connection = StoreDatabase.Open(State))
        {
            StoreDatabase.Execute(connection, "PRAGMA user_version = 2");
        }

        Assert.Equal(StoreFault.TooNew, Assert.Throws<AgentStoreException>(() => AgentStore.Open(State)).Fault);
    }

    [Fact]
    public void Open_StateIsNotReadableByOthers()
    {
        AgentStore.Open(State).Dispose();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(State));
    }

    [Fact]
    public async Task AppendAsync_WhatIsNoRecord_IsRefusedAtOnce()
    {
        using var store = AgentStore.Open(State);
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync("../x", [Record("a", "b")]));
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync("a", [Record("", "b")]));
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync("a", [new DurableRecord("a", new byte[DurableRecord.PayloadBytesAtMost + 1])]));
    }

    [Fact]
    public async Task AppendAsync_AfterDispose_IsRefused()
    {
        var store = AgentStore.Open(State);
        store.Dispose();
        store.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.AppendAsync("a", [Record("a", "b")]));
    }

    internal static DurableRecord Record(string kind, string payload) => new(kind, Encoding.UTF8.GetBytes(payload));

    internal static string Text(StoredRecord record) => $"{record.Kind} {Encoding.UTF8.GetString(record.Payload)}";

    private static void CopyDirectory(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
