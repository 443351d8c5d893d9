using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

public sealed class SystemdScopeTests
{
    private const string Booted = "/run/systemd/system";
    private const string Program = "/usr/bin/systemd-run";

    [Fact]
    public void Prefix_WhereSystemdRuns_IsAScopeOfTheSystem()
    {
        Assert.Equal(
            [Program, "--scope", "--quiet", "--collect", "--unit=coordinator-qemu-l1", "--description=QEMU of VM web-1", "--slice=machine.slice", "--"],
            On(0, Booted, Program).Prefix(QemuScope.Auto, "l1", "web-1"));
    }

    [Fact]
    public void Prefix_OfAnOrdinaryUser_AsksThatUsersManagerOrNobody()
    {
        Assert.Contains("--user", On(1000, Booted, Program, "/run/user/1000/systemd/private").Prefix(QemuScope.Auto, "l1", "web-1"));
        Assert.Empty(On(1000, Booted, Program).Prefix(QemuScope.Auto, "l1", "web-1"));
    }

    [Fact]
    public void Prefix_WithoutSystemd_IsEmptyOrARefusal()
    {
        Assert.Empty(On(0, Program).Prefix(QemuScope.Auto, "l1", "web-1"));
        Assert.Empty(On(0, Booted, Program).Prefix(QemuScope.Never, "l1", "web-1"));
        var e = Assert.Throws<QemuLaunchException>(() => On(0, Booted).Prefix(QemuScope.Always, "l1", "web-1"));
        Assert.Contains("'qemu.scope: always' is configured", e.Message, StringComparison.Ordinal);
    }

    private static SystemdScope On(uint userId, params string[] existing) =>
        new(existing.Contains, name => name == "XDG_RUNTIME_DIR" ? "/run/user/1000" : null, userId);
}
