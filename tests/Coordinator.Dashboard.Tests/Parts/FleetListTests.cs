using Coordinator.Actors.Fleet;
using Coordinator.Contracts;
using Coordinator.Dashboard.Parts;

namespace Coordinator.Dashboard.Tests.Parts;

public sealed class FleetListTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.FromUnixTimeSeconds(10_000);

    private static readonly FleetPicture s_fleet = FleetPicture.Empty with
    {
        Vms =
        [
            Vm("idle", "", requestedAgoS: 0), Vm("old", "Succeeded", requestedAgoS: 9_000), Vm("quick", "Iterating", requestedAgoS: 5), Vm("slow", "Iterating", requestedAgoS: 500),
            Vm("unsure", "InDoubt", requestedAgoS: 50),
        ],
    };

    [Fact]
    public void SlowestFirst_ButDoubtBeforeAllAndWhatIsOverLast() =>
        Assert.Equal(["unsure", "slow", "quick", "old", "idle"], Names("", "", ""));

    [Fact]
    public void Order_IsWithinTheGroupsOnly() =>
        Assert.Equal(["unsure", "quick", "slow", "idle", "old"], FleetList.Of(s_fleet, "", "", "", "vm", isDescending: false, s_now).Select(v => v.Vm));

    [Theory]
    [InlineData("active", "", "", "unsure slow quick")]
    [InlineData("Iterating", "", "", "slow quick")]
    [InlineData("", "host-of-slow", "", "slow")]
    [InlineData("", "", "QUICK", "quick")]
    [InlineData("", "", "because of unsure", "unsure")]
    [InlineData("Failed", "", "", "")]
    public void Filters_Apply(string phase, string host, string text, string expected) => Assert.Equal(expected, string.Join(' ', Names(phase, host, text)));

    private static IEnumerable<string> Names(string phase, string host, string text) => FleetList.Of(s_fleet, phase, host, text, "taken", isDescending: true, s_now).Select(v => v.Vm);

    private static VmSummary Vm(string name, string phase, int requestedAgoS) => new(
        name, 1, "node", "Resident", $"host-of-{name}", "running", phase.Length > 0 ? $"id-{name}" : "", phase, phase == "Succeeded", phase.Length > 0 ? "alpha" : "", phase.Length > 0 ? "beta" : "",
        1, CancelRequested: false, "", $"because of {name}", phase.Length > 0 ? s_now.AddSeconds(-requestedAgoS).ToUnixTimeMilliseconds() : 0, 0,
        phase == "Succeeded" ? s_now.ToUnixTimeMilliseconds() : 0, 0, Copy: null);
}
