using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;

namespace Coordinator.Cli.Tests.Support;

/// <summary>Messages as a coordinator sends them; the numbers of a hop that was really made on QEMU 10.0.2.</summary>
internal static class Samples
{
    public const string Id = "02f2655c-d6e8-43db-9b0e-c3410f47f4ef";

    static readonly DateTime s_begin = new(2026, 11, 23, 1, 43, 10, 769, DateTimeKind.Utc);

    public static Timestamp At(int afterMs) => s_begin.AddMilliseconds(afterMs).ToTimestamp();

    public static Migration DoubtWithChoices()
    {
        Migration migration = Requested();
        migration.Phase = "InDoubt";
        migration.Reason = "attempt 1: source alpha is HandedOver (completed up to 1, refused up to 0, the register answered Undecided); destination beta is proven off";
        migration.Doubt = new Doubt
        {
            HostsOff = { "beta" },
            Choices =
            {
                new Doubt.Types.Choice { Name = "Lost" },
                new Doubt.Types.Choice { Name = "KeepSource" },
                new Doubt.Types.Choice { Name = "RunDestination", Refusal = "beta is off, and the copy there with it" },
                new Doubt.Types.Choice { Name = "ReleaseFromRecord", Refusal = "beta is off, and the copy there with it" },
            },
        };
        return migration;
    }

    public static Migration Requested() => With(new Migration
    {
        Id = Id,
        Vm = "demo",
        SourceHost = "alpha",
        DestinationHost = "beta",
        Phase = "PreparingDestination",
        Attempt = 1,
        RequestedAt = At(0),
        Version = 3 << 20,
        Policy = new MigrationPolicy
        {
            DowntimeLimitMs = 300,
            BandwidthBytesPerSec = 1 << 30,
            PrepareDeadlineMs = 60_000,
            IterateDeadlineMs = 3_600_000,
            SwitchoverDeadlineMs = 5_000,
            VerifyMs = 2_000,
            MaxAttempts = 1,
            RehearsalBudgetMs = 50,
            RefuseOverBudget = false,
            Priority = "user",
            QueueDeadlineMs = 24 * 3_600_000,
        },
    }, (0, "MigrationRequested", "alpha to beta, request coordctl-test"), (0, "MigrationScheduled", ""), (0, "AttemptOpened", "attempt 1, launch 02f2655c"));

    public static Migration Iterating()
    {
        var migration = With(Requested(), (1256, "DestinationPrepared", "attempt 1, store 0c3626dc"),
            (2055, "RehearsalCompleted", "round trip 1.34 ms, sync 0.27 ms, clocks differ by -0.12 ± 0.40 ms"),
            (2056, "SwitchoverAuthorized", "attempt 1: every queue is ready; the agents may finish alone"));
        migration.Phase = "Iterating";
        migration.Rehearsal = new() { RoundTripMicros = 1340, SyncMicros = 270, ClockOffsetMicros = -120, ClockUncertaintyMicros = 400 };
        migration.Progress = new() { Pass = 2, RemainingBytes = 29_150_000, TransferredBytes = 110_600_000, TotalBytes = 268_960_000, DirtyPagesPerSec = 2680, ElapsedMs = 2281 };
        migration.Queues.AddRange(Queues(3673, final: false));
        return migration;
    }

    public static Migration Succeeded()
    {
        var migration = With(Iterating(), (4492, "IterationCompleted", "pass 2: 27 MiB remaining, 105 MiB sent"), (4646, "SwitchoverEntered", "the guest stands still"),
            (4824, "GuestRunsAtDestination", ""), (4830, "BlackoutMeasured", "119.06 ± 0.40 ms"), (5018, "DebtSettled", "alpha, attempt 1"),
            (6865, "QueuesJudged", "5 Equal"), (6865, "VerdictReached", "Verified"), (6866, "MigrationEnded", "Succeeded"));
        migration.Phase = "Succeeded";
        migration.Terminal = true;
        migration.Verdict = "Verified";
        migration.EndedAt = At(6866);
        migration.Blackout = new()
        {
            TotalMicros = 119_060,
            StopMicros = 1_380,
            StreamMicros = 60_100,
            LoadMicros = 15_360,
            ReleaseMicros = 31_840,
            GateMicros = 1_920,
            GrantMicros = 2_080,
            ResumeMicros = 6_380,
            UncertaintyMicros = 400,
            QemuDowntimeMs = 96,
        };
        migration.Queues.Clear();
        migration.Queues.AddRange(Queues(4261, final: true));
        return migration;
    }

    /// <summary>A tx queue whose index was changed on the wire.</summary>
    public static Migration Refused()
    {
        var migration = With(Iterating(), (4646, "SwitchoverEntered", "the guest stands still"), (4801, "AttemptEnded", "net0 tx0: mismatch"), (5100, "MigrationEnded", "Failed: net0 tx0: mismatch"));
        migration.Phase = "Failed";
        migration.Terminal = true;
        migration.Verdict = "Refused";
        migration.Reason = "net0 tx0: VQ 1 size 0x100 Guest index 0x10aa inconsistent with Host index 0x10b6: delta 0xfff4";
        migration.EndedAt = At(5100);
        migration.Queues.Clear();
        migration.Queues.AddRange(Queues(4261, final: true));
        foreach (var queue in migration.Queues)
            queue.Progress = "";
        var bad = migration.Queues[1];
        bad.Destination.LastAvailIdx += 12;
        bad.Outcome = "Mismatch";
        bad.Delta = 0xfff4;
        bad.Reason = migration.Reason;
        migration.Owed.Add("beta has not confirmed yet that nothing of attempt 1 is left there");
        return migration;
    }

    public static Migration InDoubt()
    {
        var migration = With(Iterating(), (4646, "SwitchoverEntered", "the guest stands still"), (9646, "DoubtRaised", "beta is unreachable and may have taken the guest over"));
        migration.Phase = "InDoubt";
        migration.Reason = "beta is unreachable and may have taken the guest over";
        return migration;
    }

    static Migration With(Migration migration, params (int AfterMs, string Event, string Detail)[] happened)
    {
        foreach (var (afterMs, name, detail) in happened)
            migration.Timeline.Add(new TimelineEntry { At = At(afterMs), Event = name, Detail = detail, Sequence = migration.Timeline.Count + 2 });
        migration.Version = (migration.Timeline.Count + 2L) << 20;
        return migration;
    }

    static IEnumerable<Queue> Queues(uint index, bool final)
    {
        string[] names = ["rx0", "tx0", "rx1", "tx1", "ctrl"];
        for (var i = 0; i < names.Length; i++)
        {
            var at = names[i] == "ctrl" ? 10 : index + (uint)i * 5;
            var record = new QueueRecord { Kind = final ? "Final" : "Provisional", Size = names[i] == "ctrl" ? 64u : 256u, LastAvailIdx = at + (i == 1 ? 3u : 0), UsedIdx = at, Inflight = i == 1 ? 3u : 0 };
            var queue = new Queue { Device = "net0", Index = i, Name = names[i], Readiness = "Ready", Source = record };
            if (final)
            {
                queue.Destination = record.Clone();
                queue.Outcome = "Equal";
                queue.Reason = $"net0 {names[i]}: equal";
                queue.Progress = names[i] == "ctrl" ? "Idle" : "Progressed";
            }
            yield return queue;
        }
    }
}
