using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Policies;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>The policy of a request and of the public resource, both ways.</summary>
internal static class PolicyText
{
    /// <exception cref="InvalidValueException">A value is out of its range, or no priority.</exception>
    internal static MigrationPolicy Read(PolicyChoice choice, string priority, long? queueDeadlineMs) => (Read(choice) with
    {
        Priority = priority.Length == 0 ? MigrationPolicy.Default.Priority : ReadPriority(priority),
        QueueDeadlineMs = (int)Math.Clamp(queueDeadlineMs ?? MigrationPolicy.Default.QueueDeadlineMs, int.MinValue, int.MaxValue),
    }).Checked();

    /// <exception cref="InvalidValueException">No priority.</exception>
    internal static MigrationPriority ReadPriority(string priority) => priority switch
    {
        "drain" => MigrationPriority.Drain,
        "user" => MigrationPriority.User,
        "system" => MigrationPriority.System,
        _ => throw new InvalidValueException("priority", priority, "drain, user or system"),
    };

    internal static string Write(MigrationPriority priority) => priority switch
    {
        MigrationPriority.Drain => "drain",
        MigrationPriority.User => "user",
        MigrationPriority.System => "system",
        _ => throw new InvalidOperationException($"unknown priority {priority}"),
    };

    /// <exception cref="InvalidValueException">A value is out of its range.</exception>
    internal static MigrationPolicy Read(PolicyChoice choice)
    {
        MigrationPolicy defaults = MigrationPolicy.Default;
        long iterate = choice.IterateDeadlineMs ?? defaults.IterateDeadlineMs;
        return (defaults with
        {
            DowntimeLimitMs = choice.DowntimeLimitMs ?? defaults.DowntimeLimitMs,
            BandwidthBytesPerSec = choice.BandwidthBytesPerSec ?? defaults.BandwidthBytesPerSec,
            PrepareDeadlineMs = choice.PrepareDeadlineMs ?? defaults.PrepareDeadlineMs,

            // Wider on the wire than in the domain; what does not fit is out of its range anyway.
            IterateDeadlineMs = (int)Math.Clamp(iterate, int.MinValue, int.MaxValue),
            SwitchoverDeadlineMs = choice.SwitchoverDeadlineMs ?? defaults.SwitchoverDeadlineMs,
            VerifyMs = choice.VerifyMs ?? defaults.VerifyMs,
            MaxAttempts = choice.MaxAttempts ?? defaults.MaxAttempts,
            RehearsalBudgetMs = choice.RehearsalBudgetMs ?? defaults.RehearsalBudgetMs,
            OnRehearsalOverBudget = choice.RefuseOverBudget == true ? OverBudgetAction.Refuse : OverBudgetAction.Warn,
        }).Checked();
    }

    internal static Api.MigrationPolicy Write(MigrationPolicy policy) => new()
    {
        DowntimeLimitMs = policy.DowntimeLimitMs,
        BandwidthBytesPerSec = policy.BandwidthBytesPerSec,
        PrepareDeadlineMs = policy.PrepareDeadlineMs,
        IterateDeadlineMs = policy.IterateDeadlineMs,
        SwitchoverDeadlineMs = policy.SwitchoverDeadlineMs,
        VerifyMs = policy.VerifyMs,
        MaxAttempts = policy.MaxAttempts,
        RehearsalBudgetMs = policy.RehearsalBudgetMs,
        RefuseOverBudget = policy.OnRehearsalOverBudget == OverBudgetAction.Refuse,
        Priority = Write(policy.Priority),
        QueueDeadlineMs = policy.QueueDeadlineMs,
    };
}
