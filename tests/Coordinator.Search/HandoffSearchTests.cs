using Xunit.Abstractions;

namespace Coordinator.Search;

/// <summary>Exhaustive searches of the production decision code against the model of QEMU.</summary>
public sealed class HandoffSearchTests(ITestOutputHelper output)
{
    [Fact]
    public void Handoff_AnyTwoFaults_IsSafeAndEndsWell()
    {
        SearchResult result = Explorer.Run(new ProtocolRules(), new SearchOptions { Faults = 1, DelayedMessages = false });
        output.WriteLine(result.ToString());
        Assert.Null(result.Violation);
        Assert.True(result.Complete);
    }
}
