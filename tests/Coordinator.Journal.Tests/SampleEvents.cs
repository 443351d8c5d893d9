using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Journal.Tests;

/// <summary>
/// One event of every kind, with no field at its default. Each golden file stands for the sample of its name; a sample is never changed once its file
/// exists: an event that gained a field gets a second sample under a new name.
/// </summary>
internal static class SampleEvents
{
    internal static readonly DateTimeOffset At = new(2026, 11, 22, 23, 59, 58, 765, 432, TimeSpan.Zero);

    internal const string Node = "coordinator@127.0.0.1:4053";

    private static readonly AttemptNo s_attempt = new(7);
    private static readonly LaunchId s_launch = new(new Guid("01020304-0506-0708-090a-0b0c0d0e0f10"));
    private static readonly StoreInstanceId s_store = new(new Guid("a1a2a3a4-b1b2-c1c2-d1d2-e1e2e3e4e5e6"));
    private static readonly Guid s_migration = new("deadbeef-0001-0002-0003-000000000004");
    private static readonly VirtqueueId s_queue = new("/machine/peripheral/net0/virtio-backend", 3);

    private static readonly SignedWord s_word = new("ann", "ticket 17: the power is cut");

    internal static readonly IReadOnlyDictionary<string, VmEvent> All = new Dictionary<string, VmEvent>(StringComparer.Ordinal)
    {
        ["IncarnationStarted"] = new VmEvent.IncarnationStarted(new IncarnationId(new Guid("11111111-2222-3333-4444-555555555555")), new Epoch(42)),
        ["VmStartOrdered"] = new VmEvent.VmStartOrdered(new RequestId("start-1"), new HostName("host-a"), s_launch, "name: web-1\nqemu:\n  binary: qemu\n"),
        ["VmResident"] = new VmEvent.VmResident(new HostName("host-a"), s_launch),
        ["VmStopOrdered"] = new VmEvent.VmStopOrdered(new RequestId("stop-1")),
        ["VmGone"] = new VmEvent.VmGone("its QEMU has ended"),
        ["MigrationRequested"] = new VmEvent.MigrationRequested(
            new RequestId("move-1"),
            s_migration,
            new HostName("host-a"),
            s_launch,
            new HostName("host-b"),
            new MigrationPolicy
            {
                DowntimeLimitMs = 11,
                BandwidthBytesPerSec = 1L << 33,
                PrepareDeadlineMs = 2_001,
                IterateDeadlineMs = 3_002,
                SwitchoverDeadlineMs = 4_003,
                VerifyMs = 5_004,
                MaxAttempts = 6,
                RehearsalBudgetMs = 77,
                OnRehearsalOverBudget = OverBudgetAction.Refuse,
            }),
        ["MigrationRequested.queued"] = new VmEvent.MigrationRequested(
            new RequestId("move-2"),
            s_migration,
            new HostName("host-a"),
            s_launch,
            new HostName("host-b"),
            new MigrationPolicy { Priority = MigrationPriority.Drain, QueueDeadlineMs = 88_008 }),
        ["MigrationScheduled"] = new VmEvent.MigrationScheduled(s_migration),
        ["AttemptOpened"] = new VmEvent.AttemptOpened(s_attempt, s_launch),
        ["DestinationPrepared"] = new VmEvent.DestinationPrepared(s_attempt, s_store),
        ["RehearsalCompleted"] = new VmEvent.RehearsalCompleted(s_attempt, new Rehearsal(812, 345, -67_890, 406)),
        ["SwitchoverAuthorized"] = new VmEvent.SwitchoverAuthorized(s_attempt, s_store),
        ["IterationCompleted"] = new VmEvent.IterationCompleted(s_attempt, new CopyProgress(2, 3_000, 4_000_000_000, 5_000_000_000, 600, 7_000)),
        ["CancelRequested"] = new VmEvent.CancelRequested(new RequestId("cancel-1")),
        ["PhaseTimedOut"] = new VmEvent.PhaseTimedOut(MigrationPhase.Iterating),
        ["StartRefused"] = new VmEvent.StartRefused(s_attempt, "no such guest"),
        ["SwitchoverEntered"] = new VmEvent.SwitchoverEntered(s_attempt),
        ["GuestRunsAtDestination"] = new VmEvent.GuestRunsAtDestination(s_attempt),
        ["BlackoutMeasured"] = new VmEvent.BlackoutMeasured(s_attempt, new Blackout(1_100, 1, 2, 3, 4, 5, 6, 7, 8) { QemuDowntimeMs = 9 }),
        ["BlackoutMeasured.absent"] = new VmEvent.BlackoutMeasured(s_attempt, new Blackout(1_100, 1, 2, LoadMicros: null, 4, 5, 6, 7, 8)),
        ["QueuesJudged"] = Judged(),
        ["VerdictReached"] = new VmEvent.VerdictReached(s_attempt, MigrationVerdict.VerifiedLapBlind),
        ["AttemptEnded"] = new VmEvent.AttemptEnded(s_attempt, "the parity gate refused", MayRetry: true),
        ["GateRefused"] = new VmEvent.GateRefused(s_attempt, ["net0 rx1: used_idx differs", "net0: broken"]),
        ["DebtSettled"] = new VmEvent.DebtSettled(new HostName("host-b"), s_attempt),
        ["DoubtRaised"] = new VmEvent.DoubtRaised(s_attempt, "attempt 7: source host-a is Gone"),
        ["HostProvenOff"] = new VmEvent.HostProvenOff(new RequestId("fence-1"), s_attempt, new HostName("host-a"), s_word),
        ["DoubtResolved"] = new VmEvent.DoubtResolved(new RequestId("resolve-1"), s_attempt, new DoubtResolution(
            DoubtChoice.ReleaseFromRecord, s_word, [], new ReleaseRecord(s_attempt, s_store, "CAESAA=="))),
        ["DoubtResolved.rewind"] = new VmEvent.DoubtResolved(new RequestId("resolve-2"), s_attempt, new DoubtResolution(
            DoubtChoice.KeepSource, s_word, ["vda", "vdb"], Record: null)),
        ["ResolutionFailed"] = new VmEvent.ResolutionFailed(s_attempt, "no longer possible: the source QEMU is gone"),
        ["ForeignRunReported"] = new VmEvent.ForeignRunReported(s_attempt, new HostName("host-a")),
        ["ResidenceCorrected"] = new VmEvent.ResidenceCorrected(new HostName("host-b"), s_launch, s_attempt),
        ["GuestLost"] = new VmEvent.GuestLost(s_attempt, "attempt 7: both are gone"),
        ["MigrationEnded"] = new VmEvent.MigrationEnded(MigrationPhase.Failed, "cancelled"),
    };

    private static VmEvent Judged()
    {
        VirtqueueObservation split = new()
        {
            Id = s_queue,
            Side = RingSide.Source,
            Kind = ObservationKind.Final,
            DeviceName = "virtio-net",
            DeviceQueueCount = 5,
            Layout = RingLayout.Split,
            Generation = 2,
            Size = new RingSize(256),
            DefaultSize = new RingSize(512),
            DescAddress = 0x1_0000_0000,
            AvailAddress = 0x1_0000_1000,
            UsedAddress = 0x1_0000_2000,
            LastAvailIdx = 65_535,
            UsedIdx = 65_530,
            ShadowAvailIdx = 3,
            Inuse = 5,
        };
        VirtqueueObservation packed = split with
        {
            Side = RingSide.Destination,
            Kind = ObservationKind.Unloaded,
            Layout = RingLayout.Packed,
            LastAvailWrap = true,
            UsedWrap = false,
            DefaultSize = null,
            ShadowAvailIdx = null,
            Inuse = null,
            DeviceStarted = false,
            NotObservable = true,
        };
        VirtqueueObservation provisional = split with { Kind = ObservationKind.Provisional, LastAvailIdx = 0, UsedIdx = 0 };
        return new VmEvent.QueuesJudged(
            s_attempt,
            [
                new VirtqueueJudgement(s_queue, ParityOutcome.Mismatch, "net0 tx1: differs", split, packed, 0xfff4),
                .. Enum.GetValues<ParityOutcome>().Select((outcome, i) => new VirtqueueJudgement(
                    new VirtqueueId(s_queue.DevicePath, i), outcome, $"outcome {outcome}", i == 0 ? OfQueue(provisional, i) : null, Destination: null,
                        Delta: null)),
            ])
        {
            Activities =
            [
                new QueueActivity.Progressed(s_queue, new RingStep(5, 4, 65_536)),
                new QueueActivity.Idle(s_queue, "nothing offered"),
                new QueueActivity.Stalled(s_queue, "it should have moved"),
                new QueueActivity.Unobserved(s_queue, "vhost"),
            ],
        };
    }

    private static VirtqueueObservation OfQueue(VirtqueueObservation record, int index) => record with { Id = new VirtqueueId(record.Id.DevicePath, index) };
}
