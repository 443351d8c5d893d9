using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

public sealed class QmpWordsTests
{
    /// <summary>The 17 words of QEMU's MigrationStatus (its own tests assert MIGRATION_STATUS__MAX == 17).</summary>
    private static readonly string[] MigrationWords =
    [
        "none", "setup", "cancelling", "cancelled", "postcopy-device", "postcopy-active", "postcopy-paused", "postcopy-recover-setup", "postcopy-recover",
        "active", "completed", "failed", "failing", "colo", "pre-switchover", "device", "wait-unplug",
    ];

    private static readonly string[] RunStateWordsOfQemu =
    [
        "debug", "inmigrate", "internal-error", "io-error", "paused", "postmigrate", "prelaunch", "finish-migrate", "restore-vm", "running", "save-vm",
        "shutdown", "suspended", "watchdog", "guest-panicked", "colo",
    ];

    [Fact]
    public void MigrationStatus_EveryValue_HasItsWordAndReadsItBack()
    {
        MigrationStatus[] known = [.. Enum.GetValues<MigrationStatus>().Where(status => status != MigrationStatus.Unknown)];

        Assert.All(known, status => Assert.Equal(status, MigrationStatusWords.Parse(status.ToQmp())));
        Assert.Equal(MigrationWords.Order(StringComparer.Ordinal), known.Select(status => status.ToQmp()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void MigrationStatus_EveryValue_IsClassified() =>
        Assert.All(Enum.GetValues<MigrationStatus>(), status => _ = status.IsInProgress());

    [Fact]
    public void RunState_EveryValue_HasItsWordAndReadsItBack()
    {
        RunState[] known = [.. Enum.GetValues<RunState>().Where(state => state != RunState.Unknown)];

        Assert.All(known, state => Assert.Equal(state, RunStateWords.Parse(state.ToQmp())));
        Assert.Equal(RunStateWordsOfQemu.Order(StringComparer.Ordinal), known.Select(state => state.ToQmp()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parse_NewerWord_IsUnknownAndCountsAsInProgress()
    {
        Assert.Equal(MigrationStatus.Unknown, MigrationStatusWords.Parse("teleporting"));
        Assert.Equal(RunState.Unknown, RunStateWords.Parse("teleporting"));
        Assert.True(MigrationStatus.Unknown.IsInProgress());
    }

    [Fact]
    public void Parse_AbsentStatus_IsNone() => Assert.Equal(MigrationStatus.None, MigrationStatusWords.Parse(null));

    [Fact]
    public void ToQmp_Unknown_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MigrationStatus.Unknown.ToQmp());
        Assert.Throws<ArgumentOutOfRangeException>(() => RunState.Unknown.ToQmp());
    }
}
