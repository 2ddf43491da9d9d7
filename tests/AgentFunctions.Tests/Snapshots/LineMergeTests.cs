using System.Text;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Tests.Snapshots;

internal sealed class LineMergeTests
{
    [TestCase("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n", "A\nb\nc\nD\n")]
    [TestCase("a\nb\nc\n", "a\nb\nc\nd\n", "0\na\nb\nc\n", "0\na\nb\nc\nd\n")]
    [TestCase("a\nb\nc\nd\ne\n", "a\nc\nd\ne\n", "a\nb\nc\nd\nE", "a\nc\nd\nE")]
    [TestCase("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nX\nc\n", Description = "the same change is one")]
    [TestCase("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", null)]
    [TestCase("a\nb\nc\n", "a\nX\nc\n", "a\nb\nY\n", null, Description = "lines beside each other")]
    [TestCase("a\nb\n", "a\nb\nx\n", "a\nb\ny\n", null, Description = "two additions at one place")]
    [TestCase("a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n", "A\r\nb\r\nC\r\n")]
    [TestCase("", "", "x\n", "x\n")]
    [TestCase("a\0b\n", "a\0b\n", "x\n", null, Description = "no text")]
    public void Merge_OfTwoChanges_HasBothOrNone(string origin, string one, string other, string? expected)
    {
        Assert.That(Merge(origin, one, other), Is.EqualTo(expected));
        Assert.That(Merge(origin, other, one), Is.EqualTo(expected), "in either order");
    }

    [Test]
    public void Merge_OfBytesThatAreNoText_IsNone() =>
        Assert.That(LineMerge.Merge(new byte[] { 0xFF, 0xFE }, new byte[] { 0xFF, 0xFE }, "x"u8.ToArray()), Is.Null);

    [Test]
    public void Between_OfRandomTexts_LeadsFromOneToTheOther()
    {
        var random = new Random(11);
        for (int round = 0; round < 500; round++)
        {
            List<string> before = Lines(), after = Lines();

            IReadOnlyList<LineChange> changes = LineDiff.Between(before, after)!;

            var made = new List<string>();
            int place = 0;
            foreach (LineChange change in changes)
            {
                made.AddRange(before.GetRange(place, change.Start - place));
                made.AddRange(change.Lines);
                place = change.End;
            }

            made.AddRange(before.Skip(place));
            Assert.That(made, Is.EqualTo(after), $"round {round}");
            int fewest = before.Count + after.Count - (2 * Common(before, after));
            Assert.That(changes.Sum(static change => change.End - change.Start + change.Lines.Count), Is.EqualTo(fewest));
        }

        List<string> Lines() => [.. Enumerable.Range(0, random.Next(12)).Select(_ => $"{random.Next(4)}\n")];
    }

    /// <summary>The length of the longest common subsequence, by the textbook.</summary>
    private static int Common(List<string> one, List<string> other)
    {
        var lengths = new int[one.Count + 1, other.Count + 1];
        for (int i = 1; i <= one.Count; i++)
        {
            for (int j = 1; j <= other.Count; j++)
            {
                lengths[i, j] = one[i - 1] == other[j - 1]
                    ? lengths[i - 1, j - 1] + 1
                    : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);
            }
        }

        return lengths[one.Count, other.Count];
    }

    private static string? Merge(string origin, string one, string other)
    {
        byte[]? merged = LineMerge.Merge(
            Encoding.UTF8.GetBytes(origin), Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
        return merged is null ? null : Encoding.UTF8.GetString(merged);
    }
}
