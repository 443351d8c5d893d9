using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

public enum RewindVerdict
{
    /// <summary>last_avail_idx stayed or went on.</summary>
    NotRewound,

    /// <summary>It went back by no more than was in flight, and this backend does that when it stops.</summary>
    Legal,

    /// <summary>It went back under a backend that must not do that, or to where the ring cannot be.</summary>
    Illegal,

    /// <summary>The records cannot tell.</summary>
    Undecidable,
}

/// <summary>What the stop of a device did to its last_avail_idx.</summary>
public sealed record RewindFinding(RewindVerdict Verdict, int Entries, string Reason);

/// <summary>
/// The rewind rule: between running and stopped, last_avail_idx may go back, by at most what was in flight, only under a backend that hands its unfinished buffers back
/// when it stops. QEMU does so for vDPA with shadow virtqueues; the comment there says it is fine for networking and not for devices where a repeat hurts. Anywhere else
/// it means that buffers will be processed twice.
/// <para>
/// Indices are known only modulo 65536, so "back by more than was in flight" cannot be told from "forward"; what gives it away then is an illegal window. The running
/// record is provisional: the finding is a note for people and never decides.
/// </para>
/// </summary>
public static class RewindRule
{
    public static RewindFinding Judge(VirtqueueObservation running, VirtqueueObservation stopped, bool backendRewinds)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(stopped);
        if (RingStep.Between(running, stopped) is not { } step || running.Inflight is not { } runningInflight)
        {
            return new RewindFinding(RewindVerdict.Undecidable, 0, $"{stopped.Label}: the two records have no common measure");
        }

        if (stopped.Inflight is not { } stoppedInflight || stoppedInflight > stopped.Size.Entries)
        {
            return new RewindFinding(RewindVerdict.Illegal, 0, $"{stopped.Label}: after the stop the indices cannot exist: {RingRecordText.Of(stopped)}");
        }

        int back = (step.Modulus - step.Taken) % step.Modulus;
        if (back == 0 || back > runningInflight)
        {
            return new RewindFinding(RewindVerdict.NotRewound, 0, $"{stopped.Label}: last_avail_idx did not go back when the device stopped");
        }

        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"{stopped.Label}: last_avail_idx went back by {back} of {runningInflight} in flight when the device stopped");
        return backendRewinds
            ? new RewindFinding(RewindVerdict.Legal, back, $"{what}, as its backend does")
            : new RewindFinding(RewindVerdict.Illegal, back, $"{what}, which its backend must not do: these buffers would be processed twice");
    }
}
