using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>What an endpoint thought goes back to it in the field in which it came, and to no other.</summary>
[CancelAfter(300_000)]
public sealed class ReasoningAccentTests
{
    private const string Call =
        "\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":{\"thought_signature\":\"s1\"}}}]";

    [TestCase("\"reasoning_content\":\"hm\"", "reasoning_content")]
    [TestCase("\"reasoning\":\"hm\"", "reasoning")]
    [TestCase("\"reasoning\":\"hm\",\"reasoning_content\":\"hm\"", "reasoning_content")]
    public async Task Reasoning_AnyField_GoesBackInIt(string said, string field)
    {
        await using WireHost host =
            await WireHost.StartAsync(WireHost.Stream(WireHost.Delta($"{{{said},{Call}}}", "\"tool_calls\"")),
                WireHost.Message("""{"content":"ok"}"""));

        JsonElement sent = await SecondAsync(host);

        Assert.That(sent.GetProperty(field).GetString(), Is.EqualTo("hm"));
        Assert.That(sent.EnumerateObject().Count(static member => member.Name.StartsWith("reasoning", StringComparison.Ordinal)),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Reasoning_OfAnotherEndpoint_DoesNotGoOut()
    {
        await using WireHost first = await WireHost.StartAsync(WireHost.Message($$"""{"reasoning_content":"hm",{{Call}}}"""));
        await using WireHost second = await WireHost.StartAsync([WireHost.Raw(WireHost.Message("""{"content":"ok"}"""))]);
        List<ChatMessage> messages = Answered(await first.AskAsync());
        foreach (AIContent content in messages[1].Contents)
        {
            content.AdditionalProperties!["sender"] = "another@elsewhere";
        }

        await second.AskAsync(messages: messages);

        JsonElement sent = second.Server.Requests.Single().Messages[1];
        Assert.That(sent.TryGetProperty("reasoning_content", out _), Is.False);
        Assert.That(sent.GetProperty("tool_calls")[0].TryGetProperty("extra_content", out _), Is.False);
    }

    [Test]
    public async Task ThoughtSignature_OfACall_GoesBackAsItCame()
    {
        await using WireHost host = await WireHost.StartAsync(WireHost.Stream(WireHost.Delta($"{{{Call}}}", "\"tool_calls\"")),
            WireHost.Message("""{"content":"ok"}"""));

        JsonElement sent = await SecondAsync(host);

        Assert.That(
            sent.GetProperty("tool_calls")[0].GetProperty("extra_content").GetProperty("google").GetProperty("thought_signature")
                .GetString(), Is.EqualTo("s1"));
    }

    [Test]
    public async Task Reasoning_EndpointDemandsWhatIsNotThere_IsStoodInFor()
    {
        await using WireHost host = await WireHost.StartAsync(
        [
            WireHost.Raw(WireHost.Message($"{{{Call}}}")),
            ChatReply.Error(400, "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1"),
            WireHost.Raw(WireHost.Message("""{"content":"ok"}""")),
        ]);

        JsonElement sent = await SecondAsync(host);

        Assert.That(sent.GetProperty("reasoning_content").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task Reasoning_EndpointRefusesIt_IsLeftOut()
    {
        await using WireHost host = await WireHost.StartAsync(
        [
            WireHost.Raw(WireHost.Message($$"""{"reasoning":"hm",{{Call}}}""")),
            ChatReply.Error(400, "'messages.1' : property 'reasoning' is unsupported"),
            WireHost.Raw(WireHost.Message("""{"content":"ok"}""")),
        ]);

        JsonElement sent = await SecondAsync(host);

        Assert.That(sent.TryGetProperty("reasoning", out _), Is.False);
    }

    private static async Task<JsonElement> SecondAsync(WireHost host)
    {
        List<ChatMessage> messages = Answered(await host.AskAsync());
        ChatResponse last = await host.AskAsync(messages: messages);
        Assert.That(last.Text, Is.EqualTo("ok"));
        return host.Server.Requests[^1].Messages[1];
    }

    private static List<ChatMessage> Answered(ChatResponse answer) => OpenAIProtocolChatClientTests.TranscriptRoundTrip(
    [
        new(ChatRole.User, "hello"), .. answer.Messages,
        new(ChatRole.Tool, [.. WireHost.Calls(answer).Select(static call => new FunctionResultContent(call.CallId, "done"))]),
    ]);
}
