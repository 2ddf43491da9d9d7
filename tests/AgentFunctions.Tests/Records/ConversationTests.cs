using System.Text;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Records;

public sealed class ConversationTests
{
    private static readonly TranscriptEntry Summary = new(
        10, new ChatMessage(ChatRole.User, "The gate code is 7391.\n" + new string('s', 12_000)), DateTimeOffset.UnixEpoch)
    {
        Origin = TranscriptOrigin.Host,
        SummaryKeepsFrom = 20,
    };

    [TestCase(256)]
    [TestCase(4_096)]
    [TestCase(12_000)]
    public void Render_TooSmallForAll_KeepsTheSummaryAndTheNewest(int maxBytes)
    {
        string text = Conversation.Render([Summary, .. Turns(200)], maxBytes);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.StartWith("<summary> The gate code is 7391."));
            Assert.That(text, Does.Contain("(older messages are left out)").And.Contain("step 199"));
            Assert.That(Encoding.UTF8.GetByteCount(text), Is.LessThanOrEqualTo(maxBytes));
        }
    }

    [Test]
    public void Render_SummaryAloneIsTooLarge_LeavesOutNoMessage()
    {
        string text = Conversation.Render([Summary, .. Turns(3)], 4_096);

        Assert.That(text, Does.StartWith("<summary> The gate code is 7391.").And.Contain("step 0").And.Contain("step 2"));
        Assert.That(text, Does.Not.Contain("left out"));
    }

    [Test]
    public void Render_WithoutASummary_KeepsTheNewest()
    {
        string text = Conversation.Render([.. Turns(200)], 2_000);

        Assert.That(text, Does.StartWith("(older messages are left out)").And.Contain("step 199").And.Not.Contain("step 0 "));
    }

    private static IEnumerable<TranscriptEntry> Turns(int count) => Enumerable.Range(0, count).Select(static turn =>
        new TranscriptEntry(11 + turn, new ChatMessage(ChatRole.Assistant, $"step {turn} {new string('x', 60)}"),
            DateTimeOffset.UnixEpoch)
        {
            Origin = TranscriptOrigin.Model,
        });
}
