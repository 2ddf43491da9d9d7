using AgentFunctions.Records;

namespace AgentFunctions.Tests.Records;

internal sealed class GrowingListTests
{
    [Test]
    public void Append_ToTheSameListTwice_ChangesNeitherItNorTheOther()
    {
        GrowingList<int> first = GrowingList<int>.Append([1, 2], [3]);
        GrowingList<int> second = GrowingList<int>.Append(first, [4]);
        GrowingList<int> other = GrowingList<int>.Append(first, [5, 6]);
        GrowingList<int> third = GrowingList<int>.Append(second, [7]);

        Assert.That(first, Is.EqualTo([1, 2, 3]));
        Assert.That(second, Is.EqualTo([1, 2, 3, 4]));
        Assert.That(other, Is.EqualTo([1, 2, 3, 5, 6]));
        Assert.That(third, Is.EqualTo([1, 2, 3, 4, 7]));
        Assert.That(() => first[3], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Append_OneByOne_AllocatesTwiceTheItemsAndNotTheirSquare()
    {
        const int Count = 10_000;
        IReadOnlyList<long> list = [];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Count; i++)
        {
            list = GrowingList<long>.Append(list, [i]);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(list, Is.EqualTo(Enumerable.Range(0, Count)));
        // A copy for each would take 400 MB.
        Assert.That(allocated, Is.LessThan(4_000_000));
    }
}
