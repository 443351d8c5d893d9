using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>A guest that shuts itself down while it is being moved has come to its own end: it is not started again on either host, and its state is not lost.</summary>
[Collection(OneAtATime.Name)]
public sealed class GuestShutdownTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Guest_ShutsItselfDownWhileItIsCopied_IsFinishedAsShutDown()
    {
        await using Deployment deployment = await Deployment.StartAsync();

        (VirtualMachine started, TickConsole console) = await SlowGuest.StartAsync(deployment, endsWhenTold: true);
        await deployment.Api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.Policy());
        await deployment.Api.MigrationAsync(SlowGuest.Name, migration => migration is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
        SlowGuest.TellToShutDown(deployment, Deployment.Alpha);
        Migration ended = await deployment.Api.EndAsync(SlowGuest.Name);

        output.WriteLine(Story.Of(ended));
        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("the guest shut itself down", ended.Reason, StringComparison.Ordinal);
        VirtualMachine there = await Eventually.Becomes(
            async () => await deployment.Api.VmAsync(SlowGuest.Name) is { RunState: "shutdown" } seen ? seen : null, Api.Limit, "the guest to be known as shut down", deployment.Log);
        Assert.Equal(("Resident", Deployment.Alpha, started.Pid), (there.Residence, there.Host, there.Pid));
        Assert.False(console.HasTickedOn(Deployment.Beta));
        console.AssertContiguous(Deployment.Alpha, Deployment.Beta);
        Assert.Contains((await deployment.Api.StopVmAsync(SlowGuest.Name)).Residence, (string[])["Stopping", "Absent"]);
    }
}
