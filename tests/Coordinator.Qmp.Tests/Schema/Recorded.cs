using System.Text.Json;
using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp.Tests.Schema;

/// <summary>What QEMU 7.2.22 and 10.0.2 really sent.</summary>
static class Recorded
{
    public const string VirtioStatus72 =
        """
        {"device-endian": "little", "bus-name": "", "disable-legacy-check": false, "name": "virtio-net", "started": true, "device-id": 1,
         "backend-features": {"dev-features": [], "transports": []}, "start-on-kick": false, "isr": 1, "broken": false,
         "status": {"statuses": ["VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found", "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device",
                    "VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete", "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"]},
         "num-vqs": 5,
         "guest-features": {"unknown-dev-features": 1099511627776,
                            "dev-features": ["VIRTIO_NET_F_CTRL_MAC_ADDR: MAC address set through control channel",
                                             "VIRTIO_NET_F_MQ: Multiqueue with automatic receive steering supported"],
                            "transports": ["VIRTIO_RING_F_EVENT_IDX: Used & avail. event fields enabled",
                                           "VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)"]},
         "host-features": {"dev-features": [], "transports": ["VIRTIO_F_RING_PACKED: Device supports packed VQ layout"]},
         "use-guest-notifier-mask": true, "vm-running": true, "queue-sel": 4, "disabled": false, "vhost-started": false, "use-started": true}
        """;

    /// <summary>The same driver on 10.0, which names bit 40, lists in another order, and found the rings broken.</summary>
    public const string VirtioStatus100Broken =
        """
        {"name": "virtio-net", "started": true, "device-id": 1, "broken": true, "num-vqs": 5, "vhost-started": false, "vm-running": false,
         "status": {"unknown-statuses": 16,
                    "statuses": ["VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found",
                    "VIRTIO_CONFIG_S_NEEDS_RESET: Irrecoverable error, device needs reset", "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"]},
         "guest-features": {"dev-features": ["VIRTIO_NET_F_MQ: Multiqueue with automatic receive steering supported",
                                             "VIRTIO_NET_F_CTRL_MAC_ADDR: MAC address set through control channel"],
                            "transports": ["VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)",
                                           "VIRTIO_F_RING_RESET: Driver can reset a queue individually",
                                           "VIRTIO_RING_F_EVENT_IDX: Used & avail. event fields enabled"]}}
        """;

    public const string QueueStatus =
        """
        {"signalled-used": 210, "inuse": 0, "name": "virtio-net", "vring-align": 4096, "vring-desc": 43278336, "signalled-used-valid": true,
         "vring-num-default": 256, "vring-avail": 43282432, "queue-index": 0, "last-avail-idx": 210, "vring-used": 43283008, "used-idx": 210,
         "shadow-avail-idx": 454, "vring-num": 256}
        """;

    /// <summary>vhost-user in pre-switchover: no shadow index.</summary>
    public const string QueueStatusVhost =
        """
        {"signalled-used": 0, "inuse": 0, "name": "virtio-net", "vring-align": 4096, "vring-desc": 41254912, "signalled-used-valid": false,
         "vring-num-default": 256, "vring-avail": 41259008, "queue-index": 1, "vring-used": 41259584, "used-idx": 15, "vring-num": 256}
        """;

    public const string MigrationCompleted =
        """
        {"status": "completed", "setup-time": 3, "downtime": 25, "total-time": 639, "ram": {"total": 269230080, "postcopy-requests": 0,
         "dirty-sync-count": 3, "multifd-bytes": 0, "pages-per-second": 34910, "downtime-bytes": 17227133, "page-size": 4096, "remaining": 0,
         "postcopy-bytes": 0, "mbps": 1238.6711698113206, "transferred": 98474358, "dirty-sync-missed-zero-copy": 0, "precopy-bytes": 81076942,
         "duplicate": 42040, "dirty-pages-rate": 0, "normal-bytes": 97734656, "normal": 23861}}
        """;

    public static readonly string[] Messages =
    [
        """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2+dfsg-7"}, "capabilities": ["oob"]}}""",
        """{"timestamp": {"seconds": 1795390547, "microseconds": 429786}, "event": "RESET", "data": {"guest": false, "reason": "host-qmp-system-reset"}}""",
        """{"timestamp": {"seconds": 1795390547, "microseconds": 428668}, "event": "MIGRATION", "data": {"status": "pre-switchover"}}""",
        """{"timestamp": {"seconds": 1795390547, "microseconds": 428668}, "event": "MIGRATION_PASS", "data": {"pass": 3}}""",
        """{"id": "Ab3d3", "error": {"class": "GenericError", "desc": "Invalid virtqueue number 9"}}""",
        """{"return": {"status": "prelaunch", "singlestep": false, "running": false}, "id": "Ab3d4"}""",
        """{"return": [{"name": "virtio-net", "path": "/machine/peripheral/net0/virtio-backend"}], "id": "Ab3d5"}""",
        $$"""{"return": {{VirtioStatus72}}, "id": "Ab3d6"}""",
        $$"""{"return": {{QueueStatus}}, "id": "Ab3d7"}""",
        $$"""{"return": {{MigrationCompleted}}, "id": "Ab3d8"}""",
    ];

    public static readonly Action<JsonElement>[] Parsers =
    [
        static reply => RunStatus.Parse(reply),
        static reply => MigrationInfo.Parse(reply),
        static reply => VirtioDevice.ParseList(reply),
        static reply => VirtioStatus.Parse(reply),
        static reply => VirtioQueueStatus.Parse(reply),
        static reply => QmpVersion.Parse(reply),
    ];
}
