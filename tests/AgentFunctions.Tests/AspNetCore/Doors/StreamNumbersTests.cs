using AgentFunctions.AspNetCore.Doors.Shared;

namespace AgentFunctions.Tests.AspNetCore.Doors;

internal sealed class StreamNumbersTests
{
    [Test]
    public void Numbers_OfOnePosition_RiseInTheOrderOfTheStream_AndStayInItsBlock()
    {
        var numbers = new List<long> { StreamNumbers.OfEvent(7), StreamNumbers.OfEvent(7) + 7 };
        for (int index = 0; index < StreamNumbers.MostDeliveries; index++)
        {
            var place = new DeliveryPlace(7, index);
            numbers.Add(StreamNumbers.OfOpening(place));
            numbers.Add(StreamNumbers.OfPiece(place, 0));
            numbers.Add(StreamNumbers.OfPiece(place, TextCuts.Most - 1));
            numbers.Add(StreamNumbers.OfLoss(place));
            numbers.Add(StreamNumbers.OfLoss(place) + 7);
        }

        numbers.Add(StreamNumbers.OfAsked(8, 0));
        numbers.Add(StreamNumbers.OfAsked(8, StreamNumbers.MostAsked - 1) + 1);
        numbers.Add(StreamNumbers.OfClosing(7));
        numbers.Add(StreamNumbers.OfClosing(7) + 15);
        numbers.Add(StreamNumbers.OfEnd(8));
        numbers.Add(StreamNumbers.OfEvent(8));

        Assert.That(numbers, Is.Ordered.And.Unique);
    }

    [Test]
    public void Numbers_OfTheLastPosition_FitThirtyTwoBits() =>
        Assert.That(StreamNumbers.OfEnd(StreamNumbers.MostPositions + 1), Is.LessThanOrEqualTo(int.MaxValue));

    [TestCase(10)]
    [TestCase(5_000)]
    [TestCase(700_000)]
    public void Cuts_OfATextThatComesInParts_AreThoseOfTheWhole(int length)
    {
        string text = string.Concat(Enumerable.Range(0, length / 2).Select(static i => i % 3 == 0 ? "😀" : "ab"));
        List<int> whole = CutsOf(text, text.Length);

        foreach (int known in (int[])[text.Length / 7, text.Length / 2, text.Length - 1])
        {
            List<int> partly = CutsOf(text, known);

            Assert.That(partly, Is.EqualTo(whole.Take(partly.Count)), $"{known} of {text.Length} are known");
        }

        Assert.That(whole.Sum(), Is.EqualTo(text.Length));
        Assert.That(whole, Has.Count.LessThanOrEqualTo(TextCuts.Most));
        int at = 0;
        foreach (int cut in whole)
        {
            at += cut;
            Assert.That(at == text.Length || !char.IsLowSurrogate(text[at]));
        }
    }

    private static List<int> CutsOf(string text, int known)
    {
        var cuts = new List<int>();
        for (int at = 0; TextCuts.Next(text.AsSpan(0, known), at, cuts.Count, known == text.Length) is > 0 and var cut; at += cut)
        {
            cuts.Add(cut);
        }

        return cuts;
    }
}
