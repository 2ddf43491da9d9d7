using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Views;

internal sealed class JournalLineTests
{
    private static readonly DateTimeOffset Start = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void Format_ATextThatSteersTheTerminal_IsOneHarmlessLine()
    {
        var said = new JournalEvent(JournalEventTypes.ModelCompleted, Start.AddSeconds(65))
        {
            Turn = 3,
            Model = "m",
            Text = "\u001b[2J\u001b]0;owned\u0007one\r\ntwo \u202Ethree",
        };
        Assert.That(JournalLine.Format(said, Start), Is.EqualTo("    1:05  turn 3    m: [2J]0;ownedone two three"));
    }

    [Test]
    public void Format_ACallThatWasLost_SaysWhatItCountsAs()
    {
        var lost = new JournalEvent(JournalEventTypes.ModelLost, Start.AddSeconds(44))
        {
            Turn = 3,
            Model = "m",
            Usage = new TokenUsage(400, 8_192, 0, 0.04m),
        };
        Assert.That(JournalLine.Format(lost, Start),
            Is.EqualTo("    0:44  turn 3    m: no answer; the call counts as if it had consumed all that it could [400 in, 8,192 out]"));
    }

    [TestCase(0, "0:00")]
    [TestCase(-5, "0:00")]
    [TestCase(3_599, "59:59")]
    [TestCase(3_600, "1:00:00")]
    [TestCase(5 * 86_400, "5.00:00:00")]
    public void Elapsed_OfASpan_ReadsLikeAClock(int seconds, string expected) =>
        Assert.That(JournalLine.Elapsed(TimeSpan.FromSeconds(seconds)), Is.EqualTo(expected));

    [Test]
    public void OneLine_OfALongText_EndsWithinTheLimitAndNeverInsideACharacter()
    {
        string line = JournalLine.OneLine(string.Concat(Enumerable.Repeat("😀", 100)), 10);
        Assert.That(line, Has.Length.LessThanOrEqualTo(10).And.EndsWith("…"));
        Assert.That(char.IsHighSurrogate(line[^2]), Is.False);
    }
}
