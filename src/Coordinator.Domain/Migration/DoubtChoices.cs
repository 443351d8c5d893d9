using Coordinator.Domain.Handoff;

namespace Coordinator.Domain.Migration;

/// <summary>
/// Which choices the evidence allows for a migration in doubt. Evidence is what agents reported under the own fence, and hosts proven off since their last report; a
/// choice that it contradicts, or that it does not yet allow, is refused with what is missing.
/// </summary>
public static class DoubtChoices
{
    /// <returns>Null when the choice is open, else why not, in one sentence that says what would open it.</returns>
    public static string? WhyNot(VmEntity entity, MigrationState m, DoubtChoice choice)
    {
        Sides sides = new(entity, m);
        return choice switch
        {
            DoubtChoice.Lost => sides.WhyNotLost(),
            DoubtChoice.KeepSource => sides.WhyNotWaiting() ?? sides.WhyDestinationMayRun(),
            DoubtChoice.RunDestination or DoubtChoice.ReleaseFromRecord => sides.WhyNotLoaded() ?? sides.WhySourceMayRun(),
            _ => throw new InvalidOperationException($"unknown choice {choice}"),
        };
    }

    /// <summary>
    /// Whether the doubt waits for this host: as soon as it is proven off a result follows, or a choice opens that is not open now. Nobody gains anything from the end of any other host.
    /// </summary>
    public static bool WaitsFor(VmEntity entity, MigrationState m, HostName host)
    {
        if (m.Phase != MigrationPhase.InDoubt || m.IsProvenOff(host))
        {
            return false;
        }

        VmEntity off = VmTransitions.Apply(entity, new VmEvent.HostProvenOff(new RequestId("assumed"), m.Attempt, host, new SignedWord("nobody", "assumed")));
        return VmProgress.Next(off) is not null || Enum.GetValues<DoubtChoice>().Any(c => WhyNot(entity, m, c) is not null && WhyNot(off, off.State.Migration!, c) is null);
    }

    /// <summary>As <see cref="WhyNot(VmEntity, MigrationState, DoubtChoice)"/>, for a choice with what was given for it.</summary>
    public static string? WhyNot(VmEntity entity, MigrationState m, DoubtResolution resolution)
    {
        if (resolution.MayRewind && resolution.Disks.IsEmpty)
        {
            return "name the disks that may be rewound, or 'none' if the guest has no disk that either host can write to";
        }

        if (resolution.Choice == DoubtChoice.ReleaseFromRecord)
        {
            if (resolution.Record is not { } record)
            {
                return $"the source agent's record of the attempt is missing: 'coordinator-agent record' reads it from the state directory of {m.Source}";
            }

            if (record.Attempt != m.Attempt || record.DestinationStore != m.DestinationStore)
            {
                return $"the record is of attempt {record.Attempt} to store {record.DestinationStore}, the migration is in attempt {m.Attempt} to store {m.DestinationStore}";
            }

            if (entity.FencedReportOf(m.Source) is { } s && s.Source.Attempt == m.Attempt && s.Source.Completed < m.Attempt)
            {
                return $"the agent of {m.Source} has reported that it holds no record of a completed attempt {m.Attempt}";
            }
        }

        return WhyNot(entity, m, resolution.Choice);
    }

    private sealed class Sides(VmEntity entity, MigrationState m)
    {
        private readonly HostReport? _source = entity.FencedReportOf(m.Source);
        private readonly HostReport? _destination = entity.FencedReportOf(m.Destination);

        /// <summary>
        /// With the source dead, any copy that does not run may be given up: the register is asked to refuse it first, and if it runs instead the guest is not lost. With the
        /// source merely stopped, only when no copy at the destination can run any more: else a cancel settles it without a loss.
        /// </summary>
        internal string? WhyNotLost() => _source is { Source.Stage: SourceStage.HandedOver }
            ? WhyDestinationMayRun()
            : WhySourceMayRun() ?? WhyDestinationMayRun(DestinationStage.Receiving, DestinationStage.Loaded, DestinationStage.Refusing);

        internal string? WhySourceMayRun() => _source switch
        {
            null => m.IsProvenOff(m.Source) ? null : Silent(m.Source),
            { } s when s.IsSourceGone(m.Attempt, m.SourceLaunch) => null,
            { } s => $"{m.Source} reported last that the source is {s.Source.Stage}; {ProveIt}",
        };

        internal string? WhyDestinationMayRun(params ReadOnlySpan<DestinationStage> harmless)
        {
            bool isOff = m.IsProvenOff(m.Destination);
            if (_destination is not { } d)
            {
                return isOff ? null : Silent(m.Destination);
            }

            if (d.Store != m.DestinationStore || d.Destination.Attempt != m.Attempt)
            {
                // It has forgotten the attempt: its word is no proof that nothing of it is left, unless the host was off since.
                return isOff ? null : $"{m.Destination} has lost what it knew of attempt {m.Attempt}, so a copy may still be there; prove the host off";
            }

            return d.Destination.Stage switch
            {
                DestinationStage.Refused when _source is { Source.Stage: SourceStage.HandedOver or SourceStage.Stranded } =>
                    $"the register at {m.Destination} has refused the attempt, so the source goes on by itself as soon as it hears of it",
                DestinationStage.LostAfterRun or DestinationStage.Refused or DestinationStage.NotPrepared => null,
                DestinationStage stage when harmless.Contains(stage) => null,
                _ => $"{m.Destination} reported last that the destination is {d.Destination.Stage}; {ProveIt}",
            };
        }

        internal string? WhyNotWaiting() => _source switch
        {
            null => m.IsProvenOff(m.Source) ? $"{m.Source} is off, and the copy there with it" : $"{m.Source} has not answered since this coordinator took over",
            { Source.Stage: SourceStage.HandedOver or SourceStage.Stranded } s when s.Source.Attempt == m.Attempt => null,
            { } s => $"{m.Source} reported last that the source is {s.Source.Stage}; only one that stands still without an answer is continued by a person's word",
        };

        internal string? WhyNotLoaded() => _destination switch
        {
            null => m.IsProvenOff(m.Destination) ? $"{m.Destination} is off, and the copy there with it" : $"{m.Destination} has not answered since this coordinator took over",
            { Destination.Stage: DestinationStage.Loaded } d when d.Store == m.DestinationStore && d.Destination.Attempt == m.Attempt => null,
            { } d => $"{m.Destination} reported last that the destination is {d.Destination.Stage}; only a loaded, undecided copy is continued by a person's word",
        };

        private const string ProveIt = "if the host is off, prove it with 'coordctl fence'";

        private static string Silent(HostName host) => $"{host} has not answered since this coordinator took over, so the guest may run there; {ProveIt}";
    }
}
