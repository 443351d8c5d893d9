using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>Something that is wrong with a device as a whole.</summary>
/// <param name="DevicePath">QOM path of the device, or empty when the finding is about the whole list.</param>
/// <param name="Reason">A sentence that names the device and says what differs.</param>
public sealed record DeviceFinding(string DevicePath, string Reason);

/// <summary>
/// Compares the virtio devices of a running source with those of a destination that waits for its stream, so that a migration which cannot end well is refused before the
/// guest is touched. Indices are not looked at: the destination has none yet.
/// </summary>
public static class LayoutComparison
{
    /// <returns>Every difference, by device; empty when the migration may begin.</returns>
    public static EquatableList<DeviceFinding> Compare(IReadOnlyList<DeviceObservation> source, IReadOnlyList<DeviceObservation> destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        List<DeviceFinding> findings = [];
        foreach ((string path, DeviceObservation? left, DeviceObservation? right) in DevicePairs.Of(source, destination, findings))
        {
            if (DevicePairs.MissingSide(left, right) is { } missing)
            {
                findings.Add(new DeviceFinding(path, missing));
                continue;
            }

            findings.AddRange(Differences(left!, right!).Select(reason => new DeviceFinding(path, $"{left!.Label}: {reason}")));
        }

        return findings.ToEquatableList();
    }

    private static IEnumerable<string> Differences(DeviceObservation source, DeviceObservation destination)
    {
        if (source.DeviceName != destination.DeviceName)
        {
            yield return $"the device is '{source.DeviceName}' on the source and '{destination.DeviceName}' on the destination";
            yield break;
        }

        if (source.Broken || source.NeedsReset)
        {
            yield return "the device is already broken on the source; it could not be proven intact at the switchover. Reset its driver in the guest first";
        }

        EquatableList<string> missing = destination.HostFeatures.IsEmpty ? [] : VirtioFeatures.Missing(source.GuestFeatures, destination.HostFeatures);
        if (!missing.IsEmpty)
        {
            yield return $"the guest uses features that the destination's device does not offer: {string.Join(", ", missing)}";
        }

        if (!QueueConfiguration.HidesPairs(source) && !QueueConfiguration.HidesPairs(destination) && source.Queues.Count != destination.Queues.Count)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"the device has {source.Queues.Count} queues on the source and {destination.Queues.Count} on the destination");
            yield break;
        }

        List<VirtqueueObservation> queues = source.Queues.Where(q => q is not null).ToList();
        IEnumerable<IGrouping<string, VirtqueueObservation>> differences = queues
            .Select(queue => (Queue: queue, Text: ReadinessRule.Difference(
                queue.Id, QueueConfiguration.Of(source, queue.Id.Index), QueueConfiguration.Of(destination, queue.Id.Index))))
            .Where(found => found.Text is not null)
            .GroupBy(found => found.Text!, found => found.Queue, StringComparer.Ordinal);
        foreach (IGrouping<string, VirtqueueObservation> difference in differences)
        {
            bool ofAll = difference.Count() == queues.Count;
            yield return ofAll ? difference.Key : $"{string.Join(", ", difference.Select(queue => queue.Name.Text))}: {difference.Key}";
        }
    }
}
