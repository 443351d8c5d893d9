using System.Diagnostics;
using Coordinator.Agent.State;
using Xunit;

namespace Coordinator.Agent.Tests.State;

public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FullDiskTests()
    {
        var mounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _directory.Path);
        Assert.True(mounted == 0, "this test mounts a small tmpfs, which needs root (or CAP_SYS_ADMIN); run the tests as root.");
    }

    private string Filler => _directory["filler"];

    public void Dispose()
    {
        Run("umount", _directory.Path);
        _directory.Dispose();
    }

    [Fact]
    public async Task AppendAsync_OnAFullDisk_RecordsNothing_SaysSo_AndGoesOnWhenSpaceReturns()
    {
        using var store = AgentStore.Open(_directory["state"]);
        await store.AppendAsync("web-1", [AgentStoreTests.Record("a", "before")]);
        using var register = store.Registers.Create("web-1", 1);
        Fill();

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

        File.Delete(Filler);
        await store.AppendAsync("web-1", [AgentStoreTests.Record("a", "after")]);
        Assert.Equal(["a before", "a after"], store.ReadAll("web-1").Select(AgentStoreTests.Text));
        using var second = store.Registers.Create("web-1", 2);
        Assert.Equal(RegisterValue.Empty, second.Value);
    }

    private void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            return;
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
