using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Tests;

public sealed class LabNetworkTests
{
    [Fact]
    public async Task Create_TwoHosts_HaveTapsOnOneBridgeAndAddresses()
    {
        string name;
        await using (var network = await LabNetwork.Create(guests: 2))
        {
            name = network.Namespace;
            Assert.Equal(["alpha-0", "alpha-1"], network["alpha"].Taps);
            var links = await network.Ip("-o", "link", "show", "master", LabNetwork.Bridge);
            Assert.All(network.Hosts.SelectMany(host => host.Taps), tap => Assert.Contains($" {tap}:", links, StringComparison.Ordinal));
            Assert.Contains(network["beta"].Address, await network.Ip("-o", "addr", "show", "dev", "lo"), StringComparison.Ordinal);
        }
        Assert.DoesNotContain(name, await ExternalCommand.Run("ip", ["netns", "list"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WithARunningProcess_EndsIt()
    {
        var network = await LabNetwork.Create();
        using var process = ExternalCommand.Begin(network.Inside("sleep", "600"));
        await Eventually.BecomesTrue(() => File.ReadAllText($"/proc/{process.Id}/comm").StartsWith("sleep", StringComparison.Ordinal), TimeSpan.FromSeconds(10), "the process to be inside");

        await network.DisposeAsync();

        Assert.True(process.HasExited);
    }

    [Fact]
    public async Task Sweep_OwnerIsGone_RemovesItAndLeavesTheLiving()
    {
        // A process id beyond the kernel's highest possible one: certainly nobody's.
        var abandoned = new LabNamespaceName(new ProcessIdentity(1 << 23, 1), 1).ToString();
        await using var living = await LabNetwork.Create();
        await ExternalCommand.Run("ip", ["netns", "add", abandoned]);

        await LabNetwork.Sweep();

        var left = await ExternalCommand.Run("ip", ["netns", "list"]);
        Assert.DoesNotContain(abandoned, left, StringComparison.Ordinal);
        Assert.Contains(living.Namespace, left, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coordlab-12-34-5", true)]
    [InlineData("coordlab-12-34", false)]
    [InlineData("coordlab-x-34-5", false)]
    [InlineData("somebody-12-34-5", false)]
    public void NamespaceName_OnlyOurOwnForm_IsParsed(string name, bool ours) => Assert.Equal(ours ? name : null, LabNamespaceName.Parse(name)?.ToString());

    [Fact]
    public async Task Create_HostNameThatIsNoTapName_IsRefused() => await Assert.ThrowsAsync<ArgumentException>(() => LabNetwork.Create(["a host with spaces"]));

    [Fact]
    public void ProcessIdentity_OtherStartTime_IsNotAlive()
    {
        Assert.True(ProcessIdentity.Current.IsAlive);
        Assert.False((ProcessIdentity.Current with { StartTicks = 1 }).IsAlive);
    }
}
