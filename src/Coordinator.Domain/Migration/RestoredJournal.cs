using Coordinator.Domain.Handoff;

namespace Coordinator.Domain.Migration;

/// <summary>What follows while hosts know of attempts that the journal does not: it was restored from a backup, and the guest may be elsewhere by now.</summary>
internal static class RestoredJournal
{
    /// <summary>
    /// The one host that has the guest at home, once every host that knows more than the journal has spoken under the own fence. A former source or a copy that is still arriving is not at home.
    /// Where no copy lives anywhere it is the host that had the newest one: its dead process is then what says that the guest has ended.
    /// </summary>
    internal static VmEvent? Next(VmEntity entity)
    {
        List<HostReport> known = entity.Ahead.Select(entity.FencedReportOf).OfType<HostReport>().ToList();
        if (known.Count < entity.Ahead.Count)
        {
            return null;
        }

        List<HostReport> homes = known.Where(r => r is { Guest.Alive: true, Source.Stage: SourceStage.Home }).ToList();
        HostReport? home = homes is [{ } only] ? only : homes.Count == 0 ? LastHome(entity, known) : null;
        return home is { Guest: { } guest }
            ? new VmEvent.ResidenceCorrected(home.Host, guest.Launch, known.Select(r => r.GreatestAttempt).Aggregate(AttemptNo.Max))
            : null;
    }

    private static HostReport? LastHome(VmEntity entity, List<HostReport> known)
    {
        HostReport? resident = entity.FencedReportOf(entity.State.Residence.Host);
        bool isSilent = entity.State.Residence.Host is not null && resident is null;
        AttemptNo newest = known.Select(r => r.GreatestAttempt).Aggregate(AttemptNo.Max);
        return isSilent || !known.All(HasNoCopy) || (resident is not null && !HasNoCopy(resident)) ? null : known.FirstOrDefault(r => HadGuestAfter(r, newest));
    }

    /// <summary>A source that handed the guest over knows only that it left: the host where it went has not spoken yet.</summary>
    private static bool HadGuestAfter(HostReport report, AttemptNo newest) =>
        report.Guest is not null
        && (report.Destination is { Stage: DestinationStage.Running } d ? d.Attempt == newest : report.Source.Attempt == newest && report.Source.Refused == newest);

    private static bool HasNoCopy(HostReport report) =>
        report.Guest is not { Alive: true }
        && (report.Destination.Stage is DestinationStage.NotPrepared or DestinationStage.Refused or DestinationStage.LostAfterRun
            || (report.Destination.Stage == DestinationStage.Running && report.Guest is { } ended && ended.Launch == report.Destination.Launch));
}
