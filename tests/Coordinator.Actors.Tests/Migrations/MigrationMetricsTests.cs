using Akka.Actor;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Actors.Tests.Migrations;

public sealed class MigrationMetricsTests : MigrationKit
{
    [Fact]
    public async Task Migration_IsCountedOnceThoughItsEntityRestarts()
    {
        await StartVm();
        await Migrate();
        Assert.Equal("Verified", (await Terminal()).Verdict);
        await Eventually(async () => await Sample("coordinator_migrations_ended_total{outcome=\"Succeeded\",verdict=\"Verified\"}") is 1, "the end is counted");

        double claims = await Sample("coordinator_epoch_claims_total");
        Region.Tell(new FakeRegion.KillEntity());
        await Eventually(async () => await Sample("coordinator_epoch_claims_total") > claims, "the next life has read its journal and claimed");

        Assert.Equal(1, await Sample("coordinator_migrations_started_total"));
        Assert.Equal(1, await Sample("coordinator_migration_attempts_total"));
        Assert.Equal(1, await Sample("coordinator_migrations_ended_total{outcome=\"Succeeded\",verdict=\"Verified\"}"));
        Assert.Equal(1, await Sample("coordinator_blackout_seconds_count{method=\"precopy\"}"));
        Assert.Equal(1, await Sample("coordinator_blackout_part_seconds_count{part=\"gate\"}"));
        Assert.Equal(1, await Sample("coordinator_rehearsal_seconds_count{part=\"sync\"}"));
        Assert.Equal(1, await Sample("coordinator_migration_duration_seconds_count{outcome=\"Succeeded\"}"));
        Assert.Equal(1, await Sample("coordinator_migration_phase_seconds_count{phase=\"Iterating\"}"));
        Assert.True(await Sample("coordinator_journal_write_seconds_count") >= 10);
        Assert.True(await Sample("coordinator_journal_events_total") >= await Sample("coordinator_journal_write_seconds_count"));
        Assert.True(await Sample("coordinator_recovery_seconds_count") >= 2);
        Assert.Equal(0, await Sample("coordinator_journal_breaker_open"));
        Assert.Equal(1, await Sample("coordinator_migration_transitions_total{from=\"Verifying\",to=\"Finishing\"}"));
    }

    [Fact]
    public async Task Gauges_ShowTheLivingEntityAndNothingElse()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);
        Assert.Equal(1, await Sample("coordinator_migrations{phase=\"Iterating\"}"));
        Assert.Equal(0, await Sample("coordinator_migrations{phase=\"PreparingDestination\"}"));

        // It stops on whatever way, and its next life, here or elsewhere, shows it again.
        double claims = await Sample("coordinator_epoch_claims_total");
        Region.Tell(new FakeRegion.KillEntity());
        await Eventually(async () => await Sample("coordinator_epoch_claims_total") > claims, "the next life claims");
        await Eventually(async () => await Sample("coordinator_migrations{phase=\"Iterating\"}") is 1, "the next life shows it");

        Sys.Stop(Region);
        await Eventually(async () => await Sample("coordinator_migrations{phase=\"Iterating\"}") is 0, "an entity that is gone shows nothing");
    }

    [Fact]
    public async Task Doubt_IsShownWhileItLasts()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Loads);
        await Migrate(policy: Policy with { SwitchoverDeadlineMs = 100, IterateDeadlineMs = 1_000 });
        await Phase(MigrationPhase.Switchover);
        World.A.Unreachable = true;
        World.B.Unreachable = true;
        await Phase(MigrationPhase.InDoubt);
        Assert.Equal(1, await Sample("coordinator_indoubt_migrations"));
        Assert.Equal(1, await Sample("coordinator_doubts_raised_total"));

        World.Release();
        await Terminal();

        Assert.Equal(0, await Sample("coordinator_indoubt_migrations"));
    }

    [Fact]
    public async Task Refusals_AreCountedByKind()
    {
        await StartVm();
        await Migrate("host-a");
        await Migrate("host-z");
        await Migrate(policy: Policy with { VerifyMs = 70_000 });
        World.Rings.LoadIsWrong = true;
        await Migrate();
        Assert.Equal("Failed", (await Terminal()).Phase);

        Assert.Equal(1, await Sample("coordinator_refusals_total{kind=\"precondition\"}"));
        Assert.Equal(1, await Sample("coordinator_refusals_total{kind=\"not_found\"}"));
        Assert.Equal(1, await Sample("coordinator_refusals_total{kind=\"invalid\"}"));
        Assert.Equal(1, await Sample("coordinator_refusals_total{kind=\"gate\"}"));
        Assert.True(await Sample("coordinator_virtqueue_index_mismatch_total") >= 1);
    }

    [Fact]
    public async Task WriteThatFails_IsCounted()
    {
        await StartVm();
        Journal.LoseWrite = Journal.Writes + 1;

        await Migrate();
        await Terminal();

        Assert.Equal(1, await Sample("coordinator_journal_failures_total{operation=\"write\"}"));
    }
}
