using Xunit;

namespace Coordinator.Domain.Tests;

public sealed class EquatableListTests
{
    private sealed record Holder(EquatableList<string> Words);

    [Fact]
    public void Equals_SameElements_RecordsAreEqual()
    {
        Holder left = new(["rx0", "tx0"]);
        Holder right = new(new List<string> { "rx0", "tx0" }.ToEquatableList());

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.True(left.Words == right.Words);
    }

    [Fact]
    public void Equals_OtherOrderLengthOrElement_RecordsDiffer()
    {
        Holder holder = new(["rx0", "tx0"]);

        Assert.NotEqual(holder, new Holder(["tx0", "rx0"]));
        Assert.NotEqual(holder, new Holder(["rx0"]));
        Assert.NotEqual(holder, new Holder(["rx0", "tx1"]));
        Assert.False(holder.Words.Equals(null));
        Assert.True(holder.Words != null);
    }

    [Fact]
    public void Equals_NullElements_DoNotThrow()
    {
        EquatableList<string?> left = [null, "a"];
        EquatableList<string?> right = [null, "a"];

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
    }

    [Fact]
    public void Create_FromArray_IsNotChangedThroughTheArray()
    {
        int[] numbers = [1, 2, 3];
        EquatableList<int> list = numbers.ToEquatableList();
        numbers[0] = 9;

        Assert.Equal([1, 2, 3], list);
    }

    [Fact]
    public void AddAndSetItem_LeaveTheOriginalAlone()
    {
        EquatableList<int> list = [1, 2];

        Assert.Equal([1, 2, 3], list.Add(3));
        Assert.Equal([1, 2, 4, 5], list.AddRange([4, 5]));
        Assert.Equal([1, 7], list.SetItem(1, 7));
        Assert.Equal([1, 2], list);
        Assert.Throws<ArgumentOutOfRangeException>(() => list.SetItem(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => list.SetItem(-1, 0));
    }

    [Fact]
    public void Empty_IsOneInstanceAndPrintsAsBrackets()
    {
        EquatableList<int> list = [];

        Assert.Same(EquatableList.Empty<int>(), list);
        Assert.True(list.IsEmpty);
        Assert.Equal("[]", list.ToString());
        Assert.Equal("[1, 2]", new[] { 1, 2 }.ToEquatableList().ToString());
    }
}
