using Coordinator.Contracts;
using Coordinator.Server.Http;

namespace Coordinator.Actors.Tests.Server;

public sealed class NodeChecksTests
{
    [Fact]
    public async Task EachCheck_IsAskedWithinATimeAndNamesItsReason()
    {
        using ManualResetEventSlim blocked = new();
        using NodeChecks checks = new(
            [
                new Check("good", _ => Task.FromResult("found")),
                new Check("bad", _ => throw new InvalidOperationException("the disk is full")),
                new Check("blocked", _ =>
                {
                    blocked.Wait();
                    return Task.FromResult("");
                }),
            ],
            TimeProvider.System);
        try
        {
            IReadOnlyList<NodeCheck> results = await checks.Run(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));

            Assert.Equal([("good", true, "found"), ("bad", false, "the disk is full"), ("blocked", false, "no answer within 2 s")], results.Select(r => (r.Name, r.Good, r.Detail)));
        }
        finally
        {
            blocked.Set();
        }
    }

    [Fact]
    public async Task ManyWhoAsk_ShareOneLook()
    {
        int looks = 0;
        using NodeChecks checks = new([new Check("counted", _ => Task.FromResult($"{Interlocked.Increment(ref looks)}"))], TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => checks.Run(CancellationToken.None)));

        Assert.Equal(1, looks);
    }

    private sealed class Check(string name, Func<CancellationToken, Task<string>> look) : INodeCheck
    {
        public string Name => name;

        public bool MayBeGivenUp => false;

        public Task<string> Look(CancellationToken stop) => look(stop);
    }
}
