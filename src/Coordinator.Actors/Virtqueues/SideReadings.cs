using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Virtqueues;

/// <summary>
/// All readings of the attempt that queue actors may need, kept by their parent so that one that died can be told them again. Bounded: of the samples
/// only the last few.
/// </summary>
internal sealed class SideReadings
{
    /// <summary>Three steps between four samples are enough to know whether a queue was busy (<see cref="SourceProgress.WasBusy"/> needs two).</summary>
    private const int KeptSamples = 4;

    private readonly Queue<EquatableList<DeviceObservation>> _samples = [];

    public SideLayout? SourceLayout { get; private set; }

    public SideLayout? DestinationLayout { get; private set; }

    public EquatableList<DeviceObservation> SourceFinal { get; private set; } = [];

    public EquatableList<DeviceObservation> DestinationFirst { get; private set; } = [];

    public EquatableList<DeviceObservation> AfterResume { get; private set; } = [];

    /// <summary>In the order in which they were read.</summary>
    public IEnumerable<EquatableList<DeviceObservation>> Feed =>
        [.. _samples, SourceFinal, DestinationFirst, AfterResume];

    /// <summary>Every queue that any reading lists: one that only one side shows is a difference, not a queue less.</summary>
    public IReadOnlyCollection<VirtqueueId> Queues =>
        new[] { SourceLayout?.Devices ?? [], DestinationLayout?.Devices ?? [], SourceFinal, DestinationFirst }
            .SelectMany(devices => devices).SelectMany(d => d.Queues).Select(q => q.Id).Distinct()
            .OrderBy(id => id.DevicePath, StringComparer.Ordinal).ThenBy(id => id.Index).ToList();

    /// <summary>The stopped source's records and the loaded destination's, of every queue.</summary>
    public bool HasBothRecords => !SourceFinal.IsEmpty && !DestinationFirst.IsEmpty;

    public void BeginAttempt()
    {
        DestinationLayout = null;
        SourceFinal = [];
        DestinationFirst = [];
        AfterResume = [];
    }

    public bool SetSourceLayout(SideLayout layout) => Changed(SourceLayout, layout, () => SourceLayout = layout);

    public bool SetDestinationLayout(SideLayout layout) => Changed(DestinationLayout, layout, () => DestinationLayout = layout);

    /// <summary>The newest one counts: read again in <c>postmigrate</c> it replaces the one of <c>pre-switchover</c>.</summary>
    public bool SetSourceFinal(EquatableList<DeviceObservation> records) => !records.IsEmpty && Changed(SourceFinal, records, () => SourceFinal = records);

    /// <summary>Only the first: later ones were read after the guest may have run.</summary>
    public bool SetDestinationFirst(EquatableList<DeviceObservation> records) =>
        !records.IsEmpty && DestinationFirst.IsEmpty && Changed(DestinationFirst, records, () => DestinationFirst = records);

    public bool SetAfterResume(EquatableList<DeviceObservation> records) => !records.IsEmpty && Changed(AfterResume, records, () => AfterResume = records);

    /// <summary>Every sample is a reading of its own, also when it shows the same numbers as the one before.</summary>
    public void AddSample(EquatableList<DeviceObservation> sample)
    {
        _samples.Enqueue(sample);
        if (_samples.Count > KeptSamples)
        {
            _samples.Dequeue();
        }
    }

    private static bool Changed<T>(T? known, T now, Action set)
        where T : class
    {
        if (now.Equals(known))
        {
            return false;
        }

        set();
        return true;
    }
}
