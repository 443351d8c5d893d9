using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Schema;

public sealed class SchemaTests
{
    [Theory]
    [InlineData("""{"status": "prelaunch", "singlestep": false, "running": false}""", "prelaunch", false)]
    [InlineData("""{"status": "running", "running": true}""", "running", true)]
    [InlineData("""{"status": "a-word-of-2031", "running": false}""", "a-word-of-2031", false)]
    public void RunStatus_KeepsQemusWord(string reply, string status, bool isRunning) =>
        Assert.Equal(new RunStatus(status, isRunning), RunStatus.Parse(JsonText.Parse(reply)));

    [Theory]
    [InlineData("{}", "lacks 'status'")]
    [InlineData("""{"status": "running"}""", "lacks 'running'")]
    [InlineData("""{"status": 7, "running": true}""", "has the number 7 in 'status', which must be a string")]
    [InlineData("""{"status": "running", "running": "yes"}""", "which must be true or false")]
    [InlineData("[]", "has an array where an object must be")]
    public void RunStatus_WrongShape_IsRefusedByName(string reply, string named)
    {
        var violation = Assert.Throws<QmpProtocolException>(() => RunStatus.Parse(JsonText.Parse(reply)));

        Assert.Contains(named, violation.Message, StringComparison.Ordinal);
        Assert.Contains("query-status", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MigrationInfo_BeforeAnyMigration_HasStatusNone()
    {
        var info = MigrationInfo.Parse(JsonText.Parse("{}"));

        Assert.Equal("none", info.Status);
        Assert.Null(info.Ram);
        Assert.Null(info.DowntimeMs);
        Assert.Empty(info.BlockedReasons);
    }

    [Fact]
    public void MigrationInfo_AfterCompletion_CarriesAllFigures()
    {
        var info = MigrationInfo.Parse(JsonText.Parse(Recorded.MigrationCompleted));

        Assert.Equal(("completed", 3, 25, 639), (info.Status, info.SetupTimeMs, info.DowntimeMs, info.TotalTimeMs));
        var ram = info.Ram!;
        Assert.Equal((269230080, 0, 98474358), (ram.TotalBytes, ram.RemainingBytes, ram.TransferredBytes));
        Assert.Equal((42040, 23861, 97734656, 4096), (ram.DuplicatePages, ram.NormalPages, ram.NormalBytes, ram.PageSizeBytes));
        Assert.Equal((3, 34910, 17227133, 81076942), (ram.DirtySyncCount, ram.SentPagesPerSecond, ram.DowntimeBytes, ram.PrecopyBytes));
        Assert.Equal(1238.67, ram.MegabitsPerSecond!.Value, precision: 2);
        Assert.Equal(0, ram.DirtyBytesPerSecond);
    }

    [Fact]
    public void MigrationInfo_BlockedAndFailed_CarriesReasons()
    {
        var info = MigrationInfo.Parse(JsonText.Parse("""{"status": "failing", "error-desc": "Broken pipe", "blocked-reasons": ["a", "b"]}"""));

        Assert.Equal(("failing", "Broken pipe"), (info.Status, info.ErrorDescription));
        Assert.Equal(["a", "b"], info.BlockedReasons);
    }

    [Fact]
    public void VirtioDevices_AreListed() =>
        Assert.Equal(
            [new VirtioDevice("virtio-net", "/machine/peripheral/net0/virtio-backend")],
            VirtioDevice.ParseList(JsonText.Parse("""[{"path": "/machine/peripheral/net0/virtio-backend", "name": "virtio-net"}]""")));

    [Fact]
    public void VirtioStatus_OfAWorkingDevice()
    {
        var status = VirtioStatus.Parse(JsonText.Parse(Recorded.VirtioStatus72));

        Assert.Equal(("virtio-net", 1, 5), (status.DeviceName, status.DeviceId, status.VirtqueueCount));
        Assert.Equal((false, true, false, true), (status.IsBroken, status.IsStarted, status.IsVhostStarted, status.IsVmRunning));
        Assert.True(status.IsDriverReady);
        Assert.False(status.NeedsReset);
        Assert.False(status.GuestFeatures!.IsPackedRing);
        Assert.True(status.HostFeatures!.IsPackedRing);
    }

    [Fact]
    public void VirtioStatus_OfABrokenDevice_NeedsReset()
    {
        var status = VirtioStatus.Parse(JsonText.Parse(Recorded.VirtioStatus100Broken));

        Assert.True(status.IsBroken);
        Assert.True(status.NeedsReset);
        Assert.Equal(
            ["VIRTIO_CONFIG_S_ACKNOWLEDGE", "VIRTIO_CONFIG_S_DRIVER_OK", "VIRTIO_CONFIG_S_NEEDS_RESET", "bit 4"], status.Statuses);
    }

    [Fact]
    public void VirtioStatus_WithOnlyAName_IsTolerated()
    {
        var status = VirtioStatus.Parse(JsonText.Parse("""{"name": "virtio-blk"}"""));

        Assert.Null(status.IsBroken);
        Assert.Null(status.GuestFeatures);
        Assert.Empty(status.Statuses);
    }

    [Fact]
    public void QueueStatus_OfAUserspaceDevice()
    {
        var queue = VirtioQueueStatus.Parse(JsonText.Parse(Recorded.QueueStatus));

        Assert.Equal(("virtio-net", 0, 256, 256), (queue.DeviceName, queue.QueueIndex, queue.RingSize, queue.DefaultRingSize));
        Assert.Equal((43278336ul, 43282432ul, 43283008ul), (queue.DescriptorAddress, queue.AvailAddress, queue.UsedAddress));
        Assert.Equal((210, 454, 210, 210), ((int?)queue.LastAvailIndex, (int?)queue.ShadowAvailIndex, (int?)queue.UsedIndex, (int?)queue.SignalledUsedIndex));
        Assert.Equal((0u, true, true), (queue.InUse, queue.IsSignalledUsedValid, queue.IsSetUp));
    }

    [Fact]
    public void QueueStatus_OfAVhostDevice_HasNullsWhereFieldsAreMissing()
    {
        var queue = VirtioQueueStatus.Parse(JsonText.Parse(Recorded.QueueStatusVhost));

        Assert.Null(queue.LastAvailIndex);
        Assert.Null(queue.ShadowAvailIndex);
        Assert.Equal(15, (int?)queue.UsedIndex);
    }

    [Theory]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("\"12\"")]
    public void QueueStatus_IndexOutOfRange_IsRefusedNotWrapped(string index)
    {
        var violation = Assert.Throws<QmpProtocolException>(
            () => VirtioQueueStatus.Parse(JsonText.Parse($$"""{"name": "virtio-net", "queue-index": 0, "last-avail-idx": {{index}}}""")));

        Assert.Contains("'last-avail-idx', which must be an integer in 0..65535", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GuestEvents_AreTyped()
    {
        static GuestEvent Of(string name, string data) => GuestEvent.Parse(new QmpEvent(name, JsonText.Parse(data), DateTimeOffset.UnixEpoch));
        var at = DateTimeOffset.UnixEpoch;

        Assert.Equal(new MigrationStatusChanged(at, "pre-switchover"), Of("MIGRATION", """{"status": "pre-switchover"}"""));
        Assert.Equal(new MigrationPassBegan(at, 3), Of("MIGRATION_PASS", """{"pass": 3}"""));
        Assert.Equal(new GuestStopped(at), Of("STOP", "{}"));
        Assert.Equal(new GuestResumed(at), Of("RESUME", "{}"));
        Assert.Equal(new GuestShutDown(at, true, "guest-shutdown"), Of("SHUTDOWN", """{"guest": true, "reason": "guest-shutdown"}"""));
        Assert.Equal(new GuestReset(at, false, "host-qmp-system-reset"), Of("RESET", """{"guest": false, "reason": "host-qmp-system-reset"}"""));
        Assert.IsType<OtherEvent>(Of("NIC_RX_FILTER_CHANGED", "{}"));
        Assert.Throws<QmpProtocolException>(() => Of("MIGRATION", "{}"));
    }
}
