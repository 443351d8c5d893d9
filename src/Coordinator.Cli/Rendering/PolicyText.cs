using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Rendering;

internal static class PolicyText
{
    public static string Of(MigrationPolicy policy) => string.Create(CultureInfo.InvariantCulture,
        $"downtime limit {policy.DowntimeLimitMs} ms, bandwidth {Amounts.Rate(policy.BandwidthBytesPerSec)}, deadlines prepare {Amounts.Setting(policy.PrepareDeadlineMs)}, iterate {Amounts.Setting(policy.IterateDeadlineMs)}, "
        + $"switchover {Amounts.Setting(policy.SwitchoverDeadlineMs)}; verify {Amounts.Setting(policy.VerifyMs)}, at most {policy.MaxAttempts} {(policy.MaxAttempts == 1 ? "attempt" : "attempts")}, "
        + $"rehearsal within {policy.RehearsalBudgetMs} ms or {(policy.RefuseOverBudget ? "refuse" : "warn")}")

        // An older coordinator has no queue.
        + (policy.Priority.Length == 0 ? "" : $"; priority {policy.Priority}, waits for its turn at most {Amounts.Setting(policy.QueueDeadlineMs)}");
}
