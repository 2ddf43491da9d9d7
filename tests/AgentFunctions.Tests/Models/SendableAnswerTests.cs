using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Models;

public sealed class SendableAnswerTests
{
    [Test]
    public void Mend_NamesAndIds_AreSendable()
    {
        FunctionCallContent[] said =
        [
            new("a", "good"), new("a", "multi_tool_use.parallel"), new("", ""), new("b", new string('n', 70)), new(" ", "名前"),
        ];

        IReadOnlyList<FunctionCallContent> mended = SendableCalls.Mend(said, SendableCalls.RandomId);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(mended.Select(static call => call.CallId), Is.Unique.And.All.Not.Empty);
            Assert.That(mended.Select(static call => call.Name), Is.All.Matches("^[A-Za-z0-9_-]{1,64}$"));
            Assert.That(mended[0], Is.SameAs(said[0]));
            Assert.That(mended[1].Name, Is.EqualTo("invalid_multi_tool_use_parallel"), "no tool's name by chance");
            Assert.That(ModelConventions.NameOf(mended[1]), Is.EqualTo("multi_tool_use.parallel"));
            Assert.That(mended[1].AdditionalProperties![ModelConventions.OriginalId], Is.EqualTo("a"));
            Assert.That(SendableCalls.Mend(mended, SendableCalls.RandomId), Is.EqualTo(mended), "mended once");
        }
    }

    [TestCase("<think>hm</think>yes", "hm", "yes")]
    [TestCase("\n <think>hm</think>\n\nyes", "hm", "yes")]
    [TestCase("<thinking>hm</thinking>yes", "hm", "yes")]
    [TestCase("hm\n</think>\n\nyes", "hm", "yes")]
    [TestCase("<think>cut off here", "cut off here", "")]
    [TestCase("<think></think>yes", "", "yes")]
    [TestCase("The tag is `</think>` here.", "", "The tag is `</think>` here.")]
    [TestCase("yes", "", "yes")]
    public void Split_Forms_AreToldApart(string text, string thoughts, string words) =>
        Assert.That(Thoughts.Split(text), Is.EqualTo((thoughts, words)));

    [TestCase("<tool_call>\n{\"name\":\"f\",\"arguments\":{}}\n</tool_call>", true)]
    [TestCase("<function=f><parameter=x>1</parameter></function>", true)]
    [TestCase("I will look.\n<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0", true)]
    [TestCase("[TOOL_CALLS][{\"name\":\"f\"}]", true)]
    [TestCase("{\"name\":\"f\",\"arguments\":{\"x\":1}}", true)]
    [TestCase("```json\n{\"name\":\"f\",\"parameters\":{}}\n```", true)]
    [TestCase("{\"name\":\"Anna\",\"arguments\":\"none\"}", false)]
    [TestCase("Such models write `<tool_call>{...}` into the text.", false)]
    [TestCase("All done.", false)]
    public void Has_Forms_AreFound(string text, bool expected) => Assert.That(CallsInText.Has(text, ["f"]), Is.EqualTo(expected));

    [Test]
    public void Of_AnswerOfAnyClient_CanBeStored()
    {
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant,
        [
            new TextContent("half \ud83d"),
            new TextContent(new string('x', SendableAnswer.MaxContentBytes + 1)),
            new FunctionCallContent("a", "f") { Exception = new FormatException("broken") },
        ]));

        ChatResponse answer = SendableAnswer.Of(response);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Messages.Single().Text,
                Does.StartWith("half \uFFFD").And.Length.LessThan(SendableAnswer.MaxContentBytes));
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.Length), "what is cut is told");
            Assert.That(
                ModelConventions.InvalidArgumentsOf(answer.Messages[0].Contents.OfType<FunctionCallContent>().Single()),
                Is.Not.Null,
                "a call that could not be read is not made without its arguments");
        }
    }
}
