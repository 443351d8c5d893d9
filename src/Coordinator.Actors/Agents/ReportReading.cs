using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Agents;

/// <summary>An agent's report as the domain's evidence. A stage that this version does not know refuses the whole report: half a truth is none.</summary>
internal static class ReportReading
{
    /// <exception cref="InvalidValueException">A value that no agent of this protocol sends.</exception>
    internal static HostReport Read(HostName host, VmReport report)
    {
        SourcePart source = report.Source ?? new SourcePart { Stage = nameof(SourceStage.NotObserved) };
        DestinationPart destination = report.Destination ?? new DestinationPart { Stage = nameof(DestinationStage.NotPrepared) };
        return new HostReport(
            host,
            new CommandFloor(new Epoch(report.FloorEpoch), new IncarnationId(WireIds.Read("floor_incarnation", report.FloorIncarnation))),
            new StoreInstanceId(WireIds.Read("store_instance", report.StoreInstance)),
            new SourceReport(
                Word<SourceStage>("source stage", source.Stage),
                new AttemptNo(source.Attempt),
                new AttemptNo(source.Tombstone),
                new AttemptNo(source.Refused),
                new AttemptNo(source.Completed),
                source.RegisterAnswer.Length == 0 ? Domain.Handoff.RegisterAnswer.Undecided
                    : Word<Domain.Handoff.RegisterAnswer>("register answer", source.RegisterAnswer)),
            new DestinationReport(
                Word<DestinationStage>("destination stage", destination.Stage),
                new AttemptNo(destination.Attempt),
                new LaunchId(WireIds.Read("launch", destination.Launch)),
                new AttemptNo(destination.RefusedUpTo),
                new AttemptNo(destination.Running)),
            report.Guest is { } guest
                ? new QemuView(new LaunchId(WireIds.Read("launch", guest.Launch)), guest.Alive, RunStateWords.Parse(guest.RunState),
                    MigrationStatusWords.Parse(guest.MigrationStatus))
                : null)
        {
            IsListening = destination.Listening,
            ForeignRun = new AttemptNo(report.ForeignRun),
            SourceError = source.Error,
            DestinationError = destination.Error,
            GateFindings = destination.GateFindings.ToEquatableList(),
        };
    }

    /// <summary>The rings that a report shows; indices of a running guest are provisional, whoever calls them what.</summary>
    /// <exception cref="InvalidValueException">A reading holds what no device can have.</exception>
    internal static ReportedRings Rings(VmReport report)
    {
        SourcePart source = report.Source ?? new SourcePart();
        DestinationPart destination = report.Destination ?? new DestinationPart();
        return new ReportedRings(
            new SideLayout(source.Machine, source.Capabilities.ToEquatableList(), DeviceReadings.Read(source.Layout, RingSide.Source)),
            DeviceReadings.Read(source.FinalRecords, RingSide.Source),
            new SideLayout(destination.Machine, destination.Capabilities.ToEquatableList(), DeviceReadings.Read(destination.Layout, RingSide.Destination)),
            DeviceReadings.Read(destination.FirstRecords, RingSide.Destination),
            DeviceReadings.Read(destination.AfterResume, RingSide.Destination));
    }

    private static T Word<T>(string field, string word)
        where T : struct, Enum =>
        Enum.TryParse(word, ignoreCase: false, out T value) && Enum.IsDefined(value) && value.ToString() == word
            ? value
            : throw new InvalidValueException(field, word, string.Join(", ", Enum.GetNames<T>()));
}

/// <summary>Layouts and records of one report, read once.</summary>
internal sealed record ReportedRings(
    SideLayout SourceLayout,
    EquatableList<DeviceObservation> SourceFinal,
    SideLayout DestinationLayout,
    EquatableList<DeviceObservation> DestinationFirst,
    EquatableList<DeviceObservation> AfterResume);
