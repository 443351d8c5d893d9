using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>What the gate found. The guest may be resumed on the destination only when it is open.</summary>
public sealed record ParityGateResult(EquatableList<DeviceFinding> DeviceFindings, EquatableList<VirtqueueJudgement> Judgements)
{
    /// <summary>No device-level finding and every queue proven: a queue that could not be checked closes the gate as a mismatch does.</summary>
    public bool IsOpen => DeviceFindings.IsEmpty && Judgements.All(judgement => judgement.IsProven);

    /// <summary>Everything that closes the gate, most telling first: mismatches, then devices, then what could not be checked.</summary>
    public EquatableList<string> Reasons =>
        Judgements.Where(j => j.Outcome == ParityOutcome.Mismatch).Select(j => j.Reason)
            .Concat(DeviceFindings.Select(f => f.Reason))
            .Concat(Judgements.Where(j => !j.IsProven && j.Outcome != ParityOutcome.Mismatch).Select(j => j.Reason))
            .ToEquatableList();

    /// <summary>One line for a log or a status column.</summary>
    public string Summary => IsOpen
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"open: {Count(ParityOutcome.Equal)} equal, {Count(ParityOutcome.LapBlind)} equal but lap-blind, {Count(ParityOutcome.NotSetUp)} not set up")
        : $"closed: {Reasons[0]}";

    private int Count(ParityOutcome outcome) => Judgements.Count(judgement => judgement.Outcome == outcome);
}

/// <summary>
/// The parity gate: final records of the stopped source against first records of the loaded destination, device by device and queue by queue. QEMU reports
/// <c>completed</c> on both sides for a device that it has just marked broken, without any event (measured on 7.2.22 and 10.0.2), so nothing but this stands between such a
/// device and the guest.
/// </summary>
public static class ParityGate
{
    /// <summary>Never throws: what cannot be understood closes the gate with a reason.</summary>
    public static ParityGateResult Judge(IReadOnlyList<DeviceObservation>? source, IReadOnlyList<DeviceObservation>? destination)
    {
        List<DeviceFinding> findings = [];
        List<VirtqueueJudgement> judgements = [];
        foreach ((string path, DeviceObservation? left, DeviceObservation? right) in DevicePairs.Of(source, destination, findings))
        {
            if (DevicePairs.MissingSide(left, right) is { } missing)
            {
                findings.Add(new DeviceFinding(path, missing));
            }
            else
            {
                findings.AddRange(DeviceReasons(left!, right!).Select(reason => new DeviceFinding(path, $"{left!.Label}: {reason}")));
            }

            judgements.AddRange(QueueJudgements(path, left, right, findings));
        }

        return new ParityGateResult(findings.ToEquatableList(), judgements.ToEquatableList());
    }

    private static IEnumerable<string> DeviceReasons(DeviceObservation source, DeviceObservation destination)
    {
        if (source.DeviceName != destination.DeviceName)
        {
            yield return $"the device is '{source.DeviceName}' on the source and '{destination.DeviceName}' on the destination";
        }

        if (FlagReason(source.Broken, destination.Broken, "QEMU has marked the device broken: it will serve no queue until its driver resets it") is { } broken)
        {
            yield return broken;
        }

        if (FlagReason(source.NeedsReset, destination.NeedsReset, "the device status is NEEDS_RESET") is { } needsReset)
        {
            yield return needsReset;
        }

        EquatableList<string> features = VirtioFeatures.Differences(source.GuestFeatures, destination.GuestFeatures);
        if (!features.IsEmpty)
        {
            yield return $"the negotiated features differ: {string.Join(", ", features)}";
        }

        if (source.Queues.Count != destination.Queues.Count)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"the device has {source.Queues.Count} queues on the source and {destination.Queues.Count} on the destination");
        }
    }

    private static string? FlagReason(bool source, bool destination, string what) => (source, destination) switch
    {
        (false, false) => null,
        (false, true) => $"{what} (on the destination only: the load did this)",
        (true, false) => $"{what} (on the source only)",
        (true, true) => $"{what} (on both sides: it was so before the migration)",
    };

    private static List<VirtqueueJudgement> QueueJudgements(string path, DeviceObservation? source, DeviceObservation? destination, List<DeviceFinding> findings)
    {
        SortedDictionary<int, VirtqueueObservation> left = ByIndex(path, source, "source", findings);
        SortedDictionary<int, VirtqueueObservation> right = ByIndex(path, destination, "destination", findings);
        List<VirtqueueJudgement> judgements = [];
        foreach (int index in left.Keys.Union(right.Keys).Order())
        {
            VirtqueueObservation? ours = left.GetValueOrDefault(index);
            VirtqueueObservation? theirs = right.GetValueOrDefault(index);
            judgements.Add((ours, theirs) switch
            {
                (not null, not null) => RingComparison.Compare(ours, theirs),
                (not null, null) => RingComparison.Missing(ours.Id, ours, null, "the destination has no record of this queue"),
                _ => RingComparison.Missing(theirs!.Id, null, theirs, "the source has no record of this queue"),
            });
        }

        return judgements;
    }

    private static SortedDictionary<int, VirtqueueObservation> ByIndex(string path, DeviceObservation? device, string side, List<DeviceFinding> findings)
    {
        SortedDictionary<int, VirtqueueObservation> byIndex = [];
        foreach (VirtqueueObservation? queue in device?.Queues ?? [])
        {
            if (queue is null || queue.Id.DevicePath != path)
            {
                findings.Add(new DeviceFinding(path, $"{device!.Label}: the {side} lists a queue that is not of this device ({queue?.Id.ToString() ?? "empty"})"));
            }
            else if (!byIndex.TryAdd(queue.Id.Index, queue))
            {
                findings.Add(new DeviceFinding(path, $"{device!.Label}: the {side} lists queue {queue.Id.Index} twice"));
            }
        }

        return byIndex;
    }
}
