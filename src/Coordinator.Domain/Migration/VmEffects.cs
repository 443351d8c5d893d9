using Coordinator.Domain.Handoff;

namespace Coordinator.Domain.Migration;

/// <summary>What must be outstanding for this entity now, derived from state alone.</summary>
public static class VmEffects
{
    /// <summary>Beyond the agents' own deadlines, for the report of their end to arrive.</summary>
    private const int ReportMarginMs = 5_000;

    /// <summary>For an unreachable host to come back before the result is given with its debt still owed.</summary>
    private const int RollbackDeadlineMs = 30_000;

    private const int FinishDeadlineMs = 30_000;

    public static EquatableList<VmEffect> Of(VmEntity entity)
    {
        VmState state = entity.State;
        List<VmEffect> effects = [];
        MigrationState? m = state.Migration is { } newest && !newest.Phase.IsTerminal() ? newest : null;
        AddFences(entity, m, effects);
        AddDebts(entity, effects);
        if (m is not null)
        {
            AddMigration(entity, m, effects);
        }
        else
        {
            AddResidence(state, effects);
        }

        return effects.ToEquatableList();
    }

    /// <summary>Which host an effect is for; null for effects that stay in this node.</summary>
    public static HostName? HostOf(VmEffect effect) => effect switch
    {
        VmEffect.Fence e => e.Host,
        VmEffect.LaunchVm e => e.Host,
        VmEffect.EndVm e => e.Host,
        VmEffect.PrepareDestination e => e.Host,
        VmEffect.Rehearse e => e.Source,
        VmEffect.StartAttempt e => e.Source,
        VmEffect.CancelAttempt e => e.Source,
        VmEffect.CleanUpDestination e => e.Host,
        VmEffect.AbandonDestination e => e.Host,
        VmEffect.EndSource e => e.Host,
        VmEffect.KeepSourceByWord e => e.Host,
        VmEffect.GiveUpSource e => e.Host,
        VmEffect.RunDestinationByWord e => e.Host,
        VmEffect.CarryRelease e => e.Host,
        VmEffect.EndOverruled e => e.Host,
        VmEffect.JudgeQueues or VmEffect.ArmDeadline or VmEffect.RaiseAlert => null,
        _ => throw new InvalidOperationException($"unknown effect {effect}"),
    };

    private static void AddFences(VmEntity entity, MigrationState? m, List<VmEffect> effects)
    {
        IEnumerable<HostName?> hosts = [m?.Source, m?.Attempt > AttemptNo.None ? m.Destination : null, entity.State.Residence.Host,
            .. entity.State.Owed.Select(o => o.Host), .. entity.State.IsMigrating ? [] : entity.Ahead];
        foreach (HostName host in hosts.OfType<HostName>().Distinct().OrderBy(h => h.Value, StringComparer.Ordinal))
        {
            if (entity.FencedReportOf(host) is null)
            {
                effects.Add(new VmEffect.Fence(host));
            }
        }
    }

    private static void AddDebts(VmEntity entity, List<VmEffect> effects)
    {
        foreach (Owed owed in entity.State.Owed)
        {
            effects.Add(owed switch
            {
                Owed.CleanUp => new VmEffect.CleanUpDestination(owed.Host, owed.Attempt),
                Owed.EndOverruled end => new VmEffect.EndOverruled(owed.Host, owed.Attempt, end.Launch),
                Owed.EndSource end => new VmEffect.EndSource(owed.Host, owed.Attempt, end.Launch),
                _ => throw new InvalidOperationException($"unknown debt {owed}"),
            });
        }
    }

    private static void AddResidence(VmState state, List<VmEffect> effects)
    {
        switch (state.Residence)
        {
            case { Kind: ResidenceKind.Starting, Host: { } host }:
                effects.Add(new VmEffect.LaunchVm(host, state.Residence.Launch, state.DefinitionYaml));
                break;
            case { Kind: ResidenceKind.Stopping, Host: { } host }:
                effects.Add(new VmEffect.EndVm(host, state.Residence.Launch));
                break;
            default:
                break;
        }
    }

    private static void AddMigration(VmEntity entity, MigrationState m, List<VmEffect> effects)
    {
        switch (m.Phase)
        {
            case MigrationPhase.PreparingDestination:
                AddPreparation(m, effects);
                break;
            case MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.InDoubt:
                AddHandoff(entity, m, effects);
                break;
            case MigrationPhase.Verifying:
                effects.Add(new VmEffect.JudgeQueues(m.Attempt));
                break;
            default:
                break;
        }

        if (DeadlineMs(entity, m) is { } duration && !IsHeld(entity))
        {
            effects.Add(new VmEffect.ArmDeadline(m.Phase, m.Attempt, m.TimedOut, duration));
        }
    }

    private static void AddPreparation(MigrationState m, List<VmEffect> effects)
    {
        if (!m.Prepared)
        {
            effects.Add(new VmEffect.PrepareDestination(m.Destination, m.Attempt, m.DestinationLaunch));
        }
        else if (!m.Rehearsed)
        {
            effects.Add(new VmEffect.Rehearse(m.Source, m.Destination, m.Attempt));
        }
    }

    private static void AddHandoff(VmEntity entity, MigrationState m, List<VmEffect> effects)
    {
        // Also while a word is being carried out: that may take as long as the host that is to do it is away.
        if (m.Phase == MigrationPhase.InDoubt)
        {
            effects.Add(new VmEffect.RaiseAlert(m.Attempt));
        }

        if (m.Resolution is { } resolution)
        {
            AddResolution(m, resolution, effects);
            return;
        }

        if (DeadSource.LeavesDestinationWaiting(entity, m))
        {
            effects.Add(new VmEffect.AbandonDestination(m.Destination, m.Attempt));
        }

        if (m.WantsBack)
        {
            effects.Add(new VmEffect.CancelAttempt(m.Source, m.Attempt));
        }
        else if (entity.FencedReportOf(m.Source) is not { } s || s.Source.Attempt < m.Attempt)
        {
            effects.Add(new VmEffect.StartAttempt(m.Source, m.Attempt, m.DestinationStore));
        }
    }

    private static void AddResolution(MigrationState m, DoubtResolution resolution, List<VmEffect> effects)
    {
        if (resolution.Choice == DoubtChoice.Lost)
        {
            AddGivingUp(m, effects);
            return;
        }

        effects.Add(resolution.Choice switch
        {
            DoubtChoice.KeepSource => new VmEffect.KeepSourceByWord(m.Source, m.Attempt, m.SourceLaunch),
            DoubtChoice.RunDestination => new VmEffect.RunDestinationByWord(m.Destination, m.Attempt, m.DestinationLaunch),
            DoubtChoice.ReleaseFromRecord => new VmEffect.CarryRelease(m.Destination, resolution.Record!),
            _ => throw new InvalidOperationException($"unknown choice {resolution.Choice}"),
        });
    }

    /// <summary>Both agents are asked first: the guest is lost when neither has a copy that can run any more, and if one runs meanwhile it is not lost.</summary>
    private static void AddGivingUp(MigrationState m, List<VmEffect> effects)
    {
        if (!m.IsProvenOff(m.Source))
        {
            effects.Add(new VmEffect.GiveUpSource(m.Source, m.Attempt, m.SourceLaunch));
        }

        if (!m.IsProvenOff(m.Destination))
        {
            effects.Add(new VmEffect.CleanUpDestination(m.Destination, m.Attempt));
        }
    }

    /// <summary>A migration that waits because somebody holds the fleet is not late; its phase gets its whole time again when the hold ends.</summary>
    public static bool IsHeld(VmEntity entity) =>
        entity.Hold is not null && entity.State.Migration is { Phase: MigrationPhase.Pending or MigrationPhase.Scheduling or MigrationPhase.PreparingDestination, WantsBack: false };

    private static int? DeadlineMs(VmEntity entity, MigrationState m) => m.Phase switch
    {
        MigrationPhase.Pending or MigrationPhase.Scheduling when entity.Queued is not null => m.Policy.QueueDeadlineMs,
        MigrationPhase.Pending or MigrationPhase.Scheduling or MigrationPhase.PreparingDestination => m.Policy.PrepareDeadlineMs,
        MigrationPhase.Iterating when !m.TimedOut && !DeadSource.IsDead(entity, m) => m.Policy.IterateDeadlineMs,
        MigrationPhase.Iterating or MigrationPhase.Switchover => (2 * m.Policy.SwitchoverDeadlineMs) + ReportMarginMs,
        MigrationPhase.Verifying => m.Policy.VerifyMs + ReportMarginMs,
        MigrationPhase.RollingBack => RollbackDeadlineMs,
        MigrationPhase.Finishing => FinishDeadlineMs,
        _ => null,
    };
}
