using Coordinator.Domain;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class EpochOrderTests
{
    private static EpochAccepted Accepted(int atMs, int epoch, int incarnation, StoreInstanceId? store = null) =>
        new(Micros(atMs), Vm, A, store ?? Store, new Epoch(epoch), Incarnation(incarnation));

    [Fact]
    public void Epochs_RisingAndRepeatedByTheSameIncarnation_AreAllowed() =>
        Assert.Empty(EpochOrder.Check([Accepted(1, 1, 1), Accepted(2, 1, 1), Accepted(3, 4, 2), Accepted(4, 4, 2)]));

    [Fact]
    public void Epoch_LowerThanBefore_IsNamed()
    {
        Violation violation = Assert.Single(EpochOrder.Check([Accepted(1, 4, 1), Accepted(2, 3, 2), Accepted(3, 4, 1)]));
        Assert.Equal("the agent of a accepted for vm-1 epoch 4 of incarnation 00000001 at 1.000 ms and then a lower one, epoch 3 of incarnation 00000002, at 2.000 ms", violation.Sentence);
    }

    [Fact]
    public void Epoch_SameOfAnotherIncarnation_IsFound() => Assert.Single(EpochOrder.Check([Accepted(1, 4, 1), Accepted(2, 4, 2)]));

    [Fact]
    public void Epoch_LowerInANewStore_IsAllowed() => Assert.Empty(EpochOrder.Check([Accepted(1, 4, 1), Accepted(2, 1, 2, new StoreInstanceId(Guid.NewGuid()))]));
}
