using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

/// <summary>
/// The window, inflight and delta rules against a definition that shares no arithmetic with them: stand on the first index, go forward one entry at a time, and
/// see whether the second is met before more steps were made than the ring has entries.
/// </summary>
public sealed class SplitWindowTests
{
    private static readonly string[] s_hex = Enumerable.Range(0, 65536).Select(i => Convert.ToString(i, 16)).ToArray();

    public static TheoryData<int> SplitSizes => new(Enumerable.Range(0, 16).Select(power => 1 << power));

    [Theory]
    [MemberData(nameof(SplitSizes))]
    public void Rules_EveryIndexFromSeveralAnchors_AgreeWithWalking(int entries)
    {
        RingSize size = new(entries);
        foreach (ushort anchor in new ushort[] { 0, 0x2b6, 0x8000, 0xffff })
        {
            int[] steps = StepsWhenWalking(anchor);
            for (int other = 0; other <= ushort.MaxValue; other++)
            {
                FreeRunningIndex here = new(anchor);
                FreeRunningIndex there = new((ushort)other);
                bool met = steps[other] <= entries;

                SplitWindow delta = new(size, here, here, there);
                SplitWindow inflight = new(size, here, there, there);
                bool agree = delta.Delta == steps[other] && delta.IsDeltaLegal == met && delta.IsLegal == met
                    && inflight.Inflight == steps[other] && inflight.IsInflightLegal == met && inflight.IsLegal == met;
                if (!agree)
                {
                    Assert.Fail($"size {entries}, from {anchor} to {other}: {steps[other]} steps, got delta {delta.Delta}, inflight {inflight.Inflight}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(SplitSizes))]
    public void Prediction_EveryAvailIndex_AgreesWithWalking(int entries)
    {
        RingSize size = new(entries);
        const ushort LastAvail = 0xfff0;
        int[] steps = StepsWhenWalking(LastAvail);
        for (int avail = 0; avail <= ushort.MaxValue; avail++)
        {
            RingLoadOutcome outcome = QemuRingLoad.Predict(3, size, descAddress: 0x1000, (ushort)avail, LastAvail, used: LastAvail);
            RingLoadOutcome expected = steps[avail] <= entries
                ? new RingLoadOutcome.Ok(0)
                : new RingLoadOutcome.Broken(
                    "VQ 3 size 0x" + Hex(entries) + " Guest index 0x" + Hex(avail)
                    + " inconsistent with Host index 0xfff0: delta 0x" + Hex(steps[avail]),
                    (ushort)steps[avail]);
            if (outcome != expected)
            {
                Assert.Fail($"size {entries}, avail {avail}: expected {expected}, got {outcome}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(SplitSizes))]
    public void Prediction_EveryUsedIndex_AgreesWithWalking(int entries)
    {
        RingSize size = new(entries);
        int[] stepsBack = StepsWhenWalking(5, backwards: true);
        for (int used = 0; used <= ushort.MaxValue; used++)
        {
            int inflight = stepsBack[used];
            RingLoadOutcome outcome = QemuRingLoad.Predict(0, size, descAddress: 0x1000, avail: 5, lastAvail: 5, (ushort)used);
            RingLoadOutcome expected = inflight <= entries
                ? new RingLoadOutcome.Ok((ushort)inflight)
                : new RingLoadOutcome.LoadFails("VQ 0 size 0x" + Hex(entries) + " < last_avail_idx 0x5 - used_idx 0x" + Hex(used));
            if (outcome != expected)
            {
                Assert.Fail($"size {entries}, used {used}: expected {expected}, got {outcome}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(SplitSizes))]
    public void Rules_EveryAnchor_HoldAtTheEdgesOfTheWindow(int entries)
    {
        RingSize size = new(entries);
        foreach (int offset in new[] { 0, 1, entries - 1, entries, entries + 1, 65535 })
        {
            bool legal = offset <= entries;
            for (int anchor = 0; anchor <= ushort.MaxValue; anchor++)
            {
                FreeRunningIndex here = new((ushort)anchor);
                FreeRunningIndex there = here.Advance(offset);
                SplitWindow delta = new(size, here, here, there);
                SplitWindow inflight = new(size, here, there, there);
                if (delta.IsLegal != legal || inflight.IsLegal != legal || delta.Delta != offset || inflight.Inflight != offset || there.Rewind(offset) != here)
                {
                    Assert.Fail($"size {entries}, anchor {anchor}, offset {offset}: {delta} {inflight}");
                }
            }
        }
    }

    [Fact]
    public void Distance_AnyTwoIndices_AddUpToTheWholeCircle() =>
        Gen.Select(Gen.UShort, Gen.UShort).Sample((a, b) =>
        {
            FreeRunningIndex from = new(a);
            FreeRunningIndex to = new(b);
            int there = FreeRunningIndex.Distance(from, to);
            int back = FreeRunningIndex.Distance(to, from);
            return (there + back) % 65536 == 0 && from.Advance(there) == to && to.Rewind(there) == from;
        });

    [Fact]
    public void Index_HasNoOrder() => Assert.DoesNotContain(typeof(FreeRunningIndex).GetInterfaces(), i => i.Name.StartsWith("IComparable", StringComparison.Ordinal));

    private static string Hex(int value) => s_hex[value];

    private static int[] StepsWhenWalking(ushort from, bool backwards = false)
    {
        int[] steps = new int[65536];
        ushort at = from;
        for (int step = 0; step < 65536; step++)
        {
            steps[at] = step;
            at = backwards
                ? at == 0 ? ushort.MaxValue : (ushort)(at - 1)
                : at == ushort.MaxValue ? (ushort)0 : (ushort)(at + 1);
        }

        return steps;
    }
}
