using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

public sealed class PreparationCheckTests
{
    private static readonly SideLayout s_side = new("pc-q35-7.2", PreparationCheck.NeededCapabilities, [Device("net0", 2)]);

    [Fact]
    public void EqualSides_HaveNoFindings() => Assert.Empty(PreparationCheck.Compare(s_side, s_side));

    [Fact]
    public void OtherMachineType_IsNamed()
    {
        PreparationFinding finding = Assert.Single(PreparationCheck.Compare(s_side, s_side with { Machine = "pc-q35-10.0" }));

        Assert.Equal(PreparationReason.Machine, finding.Reason);
        Assert.Contains("'pc-q35-7.2' on the source and 'pc-q35-10.0' on the destination", finding.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events")]
    [InlineData("return-path")]
    [InlineData("pause-before-switchover")]
    [InlineData("validate-uuid")]
    public void MissingCapability_IsNamedWithItsSide(string missing)
    {
        EquatableList<string> rest = s_side.Capabilities.Where(c => c != missing).ToEquatableList();

        PreparationFinding finding = Assert.Single(PreparationCheck.Compare(s_side, s_side with { Capabilities = rest }));

        Assert.Equal(PreparationReason.Capability, finding.Reason);
        Assert.Contains("destination", finding.Sentence, StringComparison.Ordinal);
        Assert.Contains(missing, finding.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingDevice_IsNamed()
    {
        PreparationFinding finding = Assert.Single(PreparationCheck.Compare(s_side with { Devices = [Device("net0", 2), Device("rng0", 1)] }, s_side));

        Assert.Equal(PreparationReason.Device, finding.Reason);
        Assert.StartsWith("rng0:", finding.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasNotRead_IsNotHeldAgainstASide() =>
        Assert.Empty(PreparationCheck.Compare(s_side, s_side with { Machine = "", Capabilities = [] }));

    private static DeviceObservation Device(string id, int queues)
    {
        string path = $"/machine/peripheral/{id}/virtio-backend";
        return new DeviceObservation
        {
            DevicePath = path,
            DeviceName = "virtio-net",
            Queues = Enumerable.Range(0, queues).Select(i => new VirtqueueObservation
            {
                Id = new VirtqueueId(path, i),
                Side = RingSide.Source,
                Kind = ObservationKind.Unloaded,
                DeviceName = "virtio-net",
                Layout = RingLayout.Split,
                Size = new RingSize(256),
            }).ToEquatableList(),
        };
    }
}
