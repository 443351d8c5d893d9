using Coordinator.Agent.State;
using Coordinator.Lab;

namespace Coordinator.Agent.Tests.State;

public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private SmallDisk _disk = null!;

    public async Task InitializeAsync() => _disk = await SmallDisk.MountAsync(_directory.Path, mebibytes: 1);

    public async Task DisposeAsync()
    {
        await _disk.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task AppendAsync_OnAFullDisk_RecordsNothing_SaysSo_AndGoesOnWhenSpaceReturns()
    {
        using var store = AgentStore.Open(_directory["state"]);
        await store.AppendAsync("web-1", [AgentStoreTests.Record("a", "before")]);
        using var register = store.Registers.Create("web-1", 1);
        _disk.Fill();

        var big = new DurableRecord("big", new byte[200_000]);
        foreach (var attempt in Enumerable.Range(0, 3))
        {
            var e = await Assert.ThrowsAsync<AgentStoreException>(() => store.AppendAsync("web-1", [AgentStoreTests.Record("a", $"lost {attempt}"), big]));
            Assert.Equal(StoreFault.Full, e.Fault);
            Assert.Contains("no space is left for", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["a before"], store.ReadAll("web-1").Select(AgentStoreTests.Text));
        // A decision needs no space: that is what the register's file was made for beforehand.
        Assert.Equal(new RegisterAnswer(RegisterValue.Run, SetNow: true, null), register.TrySet(RegisterValue.Run));
        var refused = Assert.Throws<AgentStoreException>(() => store.Registers.Create("web-1", 2));
        Assert.Contains("the decision register", refused.Message, StringComparison.Ordinal);

        _disk.Empty();
        await store.AppendAsync("web-1", [AgentStoreTests.Record("a", "after")]);
        Assert.Equal(["a before", "a after"], store.ReadAll("web-1").Select(AgentStoreTests.Text));
        using var second = store.Registers.Create("web-1", 2);
        Assert.Equal(RegisterValue.Empty, second.Value);
    }
}
