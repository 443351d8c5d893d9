using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>The whole way through real processes, with the smallest guest there is.</summary>
[Collection(OneAtATime.Name)]
public sealed class EmptyGuestTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Guest_WithoutASystem_MovesForthAndBack()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        VirtualMachine started = await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty("vm-1"));
        Assert.Equal(("Resident", Deployment.Alpha), (started.Residence, started.Host));

        foreach (string destination in new[] { Deployment.Beta, Deployment.Alpha })
        {
            await deployment.Api.MigrateAsync("vm-1", destination);
            Migration ended = await deployment.Api.EndAsync("vm-1");

            output.WriteLine(Story.Of(ended));
            Assert.True(ended.Phase == "Succeeded", $"{Story.Of(ended)}\n{deployment.Log()}");
            VirtualMachine moved = await deployment.Api.VmAsync("vm-1");
            Assert.Equal(("Resident", destination, "running"), (moved.Residence, moved.Host, moved.RunState));
        }
    }
}
