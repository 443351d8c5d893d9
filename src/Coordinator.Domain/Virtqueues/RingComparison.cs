using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// Compares the final source record of a queue with its first destination record. Compared: layout, size, ring addresses, last_avail_idx, used_idx and the entries
/// in flight derived from them. Not compared: signalled_used (always 0 after a load) and shadow_avail_idx (read anew by the load). Comparing last_avail_idx alone
/// misses the very defect this product exists for: QEMU leaves it correct and zeroes used_idx.
/// </summary>
public static class RingComparison
{
    /// <summary>Total: any pair of records gets a judgement with a reason, never an exception.</summary>
    public static VirtqueueJudgement Compare(VirtqueueObservation source, VirtqueueObservation destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        return NotComparable(source, destination) ?? CompareSetUp(source, destination) ?? CompareIndices(source, destination);
    }

    /// <summary>One of the two records is missing.</summary>
    public static VirtqueueJudgement Missing(VirtqueueId id, VirtqueueObservation? source, VirtqueueObservation? destination, string why) =>
        new(id, ParityOutcome.Unchecked, $"{source?.Label ?? destination?.Label ?? id.ToString()}: {why}", source, destination, Delta: null);

    private static VirtqueueJudgement? NotComparable(VirtqueueObservation source, VirtqueueObservation destination)
    {
        if (source.Id != destination.Id)
        {
            return Judge(source, destination, ParityOutcome.Unchecked, $"the destination's record is of {destination.Id}, another queue");
        }

        if (source.NotObservable || destination.NotObservable)
        {
            string side = source.NotObservable ? "source" : "destination";
            return Judge(source, destination, ParityOutcome.NotObservable, $"vhost was started on the {side}, so the ring was not read: reading it would have stopped it");
        }

        if ((Undecided(source, "source") ?? Undecided(destination, "destination")) is { } why)
        {
            return Judge(source, destination, ParityOutcome.Unchecked, why);
        }

        return source.Generation != 0 && destination.Generation != 0 && source.Generation != destination.Generation
            ? Judge(
                source,
                destination,
                ParityOutcome.Unchecked,
                string.Create(CultureInfo.InvariantCulture, $"the guest reset the ring between the two records (generation {source.Generation} and {destination.Generation})"))
            : null;
    }

    private static string? Undecided(VirtqueueObservation record, string side) => record.Kind switch
    {
        ObservationKind.Final => null,
        ObservationKind.Provisional => $"the {side}'s record is provisional: the guest was running when it was read",
        ObservationKind.Unloaded => $"the {side}'s record was read before any guest state was loaded",
        _ => $"the {side}'s record is of an unknown kind",
    };

    private static VirtqueueJudgement? CompareSetUp(VirtqueueObservation source, VirtqueueObservation destination)
    {
        List<string> differences = [];
        AddIfDifferent(differences, "device type", Quoted(source.DeviceName), Quoted(destination.DeviceName));
        AddIfDifferent(differences, "layout", source.Layout.ToString(), destination.Layout.ToString());
        AddIfDifferent(differences, "size", source.Size.ToString(), destination.Size.ToString());
        AddIfDifferent(differences, "descriptor table address", Address(source.DescAddress), Address(destination.DescAddress));
        AddIfDifferent(differences, "avail ring address", Address(source.AvailAddress), Address(destination.AvailAddress));
        AddIfDifferent(differences, "used ring address", Address(source.UsedAddress), Address(destination.UsedAddress));
        if (differences.Count > 0)
        {
            return Mismatch(source, destination, differences, delta: null);
        }

        if (source.IsSetUp)
        {
            return null;
        }

        // Without a descriptor table nothing can have been taken; QEMU refuses to load a non-zero last_avail_idx here. A packed ring starts at 0 too.
        bool idle = source.LastAvailIdx is null or 0 && source.UsedIdx is null or 0 && destination.LastAvailIdx is null or 0 && destination.UsedIdx is null or 0;
        return idle
            ? Judge(source, destination, ParityOutcome.NotSetUp, "the guest's driver has not set this queue up, on either side: there is nothing to compare")
            : Mismatch(source, destination, ["the queue has no descriptor table and yet an index above 0"], SplitComparison.FirstDelta(source, destination));
    }

    private static VirtqueueJudgement CompareIndices(VirtqueueObservation source, VirtqueueObservation destination)
    {
        if ((MissingIndex(source, "source") ?? MissingIndex(destination, "destination")) is { } why)
        {
            return Judge(source, destination, ParityOutcome.Unchecked, why);
        }

        return source.Layout == RingLayout.Split ? SplitComparison.Compare(source, destination) : PackedComparison.Compare(source, destination);
    }

    private static string? MissingIndex(VirtqueueObservation record, string side) =>
        record.LastAvailIdx is null ? $"the {side}'s record lacks last_avail_idx" : record.UsedIdx is null ? $"the {side}'s record lacks used_idx" : null;

    internal static VirtqueueJudgement Judge(VirtqueueObservation source, VirtqueueObservation destination, ParityOutcome outcome, string finding, ushort? delta = null) =>
        new(source.Id, outcome, $"{source.Label}: {finding}. {RingRecordText.Both(source, destination)}", source, destination, delta);

    internal static VirtqueueJudgement Mismatch(VirtqueueObservation source, VirtqueueObservation destination, IEnumerable<string> differences, ushort? delta) =>
        Judge(source, destination, ParityOutcome.Mismatch, string.Join("; ", differences), delta);

    private static void AddIfDifferent(List<string> differences, string what, string source, string destination)
    {
        if (source != destination)
        {
            differences.Add($"{what} differs: source {source}, destination {destination}");
        }
    }

    private static string Quoted(string text) => $"'{text}'";

    private static string Address(ulong address) => $"0x{address:x}";
}
