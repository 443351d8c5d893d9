using System.Net;
using Coordinator.Agent.Configuration;
using Xunit;

namespace Coordinator.Agent.Tests.Configuration;

public sealed class HostConfigurationTests
{
    [Fact]
    public void Parse_FullText_ReadsEveryKey()
    {
        var host = HostConfiguration.Parse(HostConfigurationTexts.Full, "host.yaml");

        Assert.Equal(("host-a", "/var/lib/coordinator", "/run/coordinator"), (host.HostId, host.StateDirectory, host.RunDirectory));
        Assert.Equal([new Uri("https://coordinator-1.example:5080"), new Uri("https://127.0.0.1:5081")], host.Coordinators);
        Assert.Equal(new HandoffEndpoint(new IPEndPoint(IPAddress.Any, 5090), new HostAddress("host-a.example"), 15090), host.Handoff);
        Assert.Equal("host-a.example:15090", host.Handoff.AdvertisedFor(boundPort: 5090));
        Assert.Equal(new MigrationStreamEndpoint(IPAddress.Parse("10.1.0.5"), new PortRange(49152, 49215), new HostAddress("192.0.2.5")), host.MigrationStream);
        Assert.Equal(("/opt/qemu/bin/qemu-system-x86_64", QemuScope.Always, 2048), (host.QemuDefault, host.Scope, host.MemoryReserveMiB));
        Assert.Equal(["/usr/libexec/qemu-kvm"], host.QemuAllowed);
        Assert.Equal(("/etc/coordinator/tls/key.pem", "/etc/coordinator/tls/revoked.pem"), (host.Tls!.Key, host.Tls.Revoked));
        Assert.Equal("7", host.ForDefinitions.Variables["vlan"]);
        Assert.Equal("/run/coordinator/qmp/l1", host.ForDefinitions.MonitorSocketOf("l1"));
    }

    [Fact]
    public void Parse_SmallestText_TakesDefaults()
    {
        var host = HostConfiguration.Parse(HostConfigurationTexts.Small, "host.yaml");

        Assert.Equal(("/usr/bin/qemu-system-x86_64", QemuScope.Auto, 512), (host.QemuDefault, host.Scope, host.MemoryReserveMiB));
        Assert.Empty(host.QemuAllowed);
        Assert.Equal("127.0.0.1:4711", host.Handoff.AdvertisedFor(boundPort: 4711));
        Assert.Equal("127.0.0.1", host.MigrationStream.Advertise.InUri);
        Assert.True(host.MigrationStream.Ports.IsAny);
    }

    [Theory]
    [InlineData("qemu", HypervisorDriver.Qemu)]
    [InlineData("simulated", HypervisorDriver.Simulated)]
    public void Driver_IsReadAndReachesTheCommandLines(string word, HypervisorDriver driver)
    {
        var host = HostConfiguration.Parse(HostConfigurationTexts.With("driver", word), "host.yaml");

        Assert.Equal((driver, driver), (host.Driver, host.ForDefinitions.Driver));
    }

    [Fact]
    public void Driver_OfAnotherName_IsRefusedWithBothNames()
    {
        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse(HostConfigurationTexts.With("driver", "xen"), "host.yaml"));

        Assert.Contains("'driver' must be qemu or simulated, not 'xen'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("handoff", "{listen: '[fd00::5]:5090'}", "[fd00::5]:5090")]
    [InlineData("handoff", "{listen: '[::]:0', advertise: '[fd00::7]'}", "[fd00::7]:4711")]
    [InlineData("handoff", "{listen: '0.0.0.0:5090', advertise: '192.0.2.7'}", "192.0.2.7:5090")]
    public void Handoff_Advertised_IsWhatPeersDial(string key, string value, string dialled)
    {
        var handoff = HostConfiguration.Parse(HostConfigurationTexts.WithTls(key, value), "host.yaml").Handoff;

        Assert.Equal(dialled, handoff.AdvertisedFor(boundPort: handoff.Listen.Port == 0 ? 4711 : handoff.Listen.Port));
    }

    [Theory]
    [MemberData(nameof(HostConfigurationTexts.RefusedShapes), MemberType = typeof(HostConfigurationTexts))]
    public void Parse_RefusedShape_HasAPlaceAndASentence(string key, string? value)
    {
        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse(HostConfigurationTexts.With(key, value), "host.yaml"));

        Assert.All(e.Problems, problem => Assert.True(problem is { Line: >= 1, Column: >= 1, Sentence.Length: > 20 }));
    }

    [Theory]
    [InlineData("handoff", "{listen: '0.0.0.0:5090'}", "'handoff.advertise' is missing: 'handoff.listen' takes every address")]
    [InlineData("handoff", "{listen: '10.0.0.5:0', advertise: 'a:7'}", "names a port while 'handoff.listen' takes any free one")]
    [InlineData("handoff", "{listen: '10.0.0.5:65536'}", "cannot be listened on")]
    [InlineData("handoff", "{listen: '10.0.0:7'}", "cannot be listened on")]
    [InlineData("handoff", "{listen: '10.0.0.256:7'}", "cannot be listened on")]
    [InlineData("handoff", "{listen: '10.0.0.5:7', advertise: 0.0.0.0}", "cannot be dialled by others")]
    [InlineData("handoff", "{listen: '10.0.0.5:7', advertise: 999.1.1.1}", "cannot be dialled by others")]
    [InlineData("handoff", "{listen: '10.0.0.5:7', advertise: '[::]'}", "cannot be dialled by others")]
    [InlineData("migrationStream", "{listen: '10.0.0.5:10-9'}", "cannot be listened on")]
    [InlineData("migrationStream", "{listen: '10.0.0.5:0-9'}", "cannot be listened on")]
    [InlineData("migrationStream", "{listen: '[::]:0'}", "'migrationStream.advertise' is missing")]
    public void Parse_AddressThatCannotWork_IsRefused(string key, string value, string sentence)
    {
        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse(HostConfigurationTexts.With(key, value), "host.yaml"));

        Assert.Contains(sentence, Assert.Single(e.Problems).Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("handoff", "{listen: '10.0.0.5:5090'}", "'handoff.listen': '10.0.0.5' is refused: without certificates links are neither encrypted nor authenticated")]
    [InlineData("handoff", "{listen: '127.0.0.1:0', advertise: host-a.example}", "'handoff.advertise': 'host-a.example' is refused: without certificates")]
    [InlineData("coordinators", "[http://10.0.0.1:5080]", "'coordinators': '10.0.0.1' is refused: without certificates")]
    [InlineData("coordinators", "[https://127.0.0.1:5080]", "needs certificates: give this host a certificate with 'tls'")]
    public void WithoutCertificates_WhatLeavesTheMachine_IsRefused(string key, string value, string sentence)
    {
        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse(HostConfigurationTexts.With(key, value), "host.yaml"));

        Assert.Contains(sentence, Assert.Single(e.Problems).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void WithCertificates_AnUnencryptedCoordinatorIsRefused()
    {
        string yaml = HostConfigurationTexts.WithTls("hostId", "host-a").Replace("https://", "http://", StringComparison.Ordinal);

        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Parse(yaml, "host.yaml"));

        Assert.Contains("with 'tls' every link is encrypted; write https://127.0.0.1:5080", Assert.Single(e.Problems).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFile_SaysSo()
    {
        var e = Assert.Throws<ConfigurationException>(() => HostConfiguration.Load("/nonexistent/host.yaml"));

        Assert.StartsWith("/nonexistent/host.yaml: the host configuration cannot be read: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PortRange_InTurn_GivesEveryPortOnceFromAnyStart()
    {
        var range = new PortRange(49152, 49155);
        Assert.Equal([49154, 49155, 49152, 49153], range.InTurn(2));
        Assert.Equal(4, range.InTurn(int.MinValue).Distinct().Count());
        Assert.Empty(PortRange.Any.InTurn(5));
        Assert.Equal(("49152-49155", "7", "0"), (range.ToString(), new PortRange(7, 7).ToString(), PortRange.Any.ToString()));
    }
}
