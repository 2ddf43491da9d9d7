using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI;

/// <summary>Every answer is read the same, whole or streamed.</summary>
[TestFixture(true)]
[TestFixture(false)]
[CancelAfter(300_000)]
public sealed class OpenAIProtocolChatClientTests(bool streaming)
{
    private static readonly AIFunction Weather = AIFunctionFactory.Create((string city) => city, "weather", "Tells the weather.");

    [Test]
    public async Task Ask_TextWithReasoning_ComesWithUsageAndReason(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(new ChatReply
        {
            Text = "The answer is “forty-two”, and it is a long one that takes several chunks. 🌍",
            Reasoning = "Let me think about this for a good while.",
            Usage = new ChatReplyUsage(Input: 100, Output: 50, Cached: 80, Reasoning: 30),
        });
        await using ModelHost host = ModelHost.Of(server);

        ChatResponse answer = await host.AskAsync(streaming, cancellationToken: cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("The answer is “forty-two”, and it is a long one that takes several chunks. 🌍"));
            Assert.That(
                string.Concat(answer.Messages.Single().Contents.OfType<TextReasoningContent>().Select(part => part.Text)),
                Is.EqualTo("Let me think about this for a good while."));
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
            Assert.That(answer.ModelId, Is.EqualTo("scripted"));
            Assert.That(answer.Usage!.InputTokenCount, Is.EqualTo(100));
            Assert.That(answer.Usage.OutputTokenCount, Is.EqualTo(50));
            Assert.That(answer.Usage.CachedInputTokenCount, Is.EqualTo(80));
            Assert.That(answer.Usage.ReasoningTokenCount, Is.EqualTo(30));
            Assert.That(server.Requests.Single().Stream, Is.EqualTo(streaming));
        }
    }

    [Test]
    public async Task Ask_SeveralCalls_KeepIdsAndArguments(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            new ChatReply
            {
                Text = "Looking.",
                Calls =
                [
                    ChatReplyCall.Of("weather", new { city = "A city with a name that is longer than a chunk" },
                        "functions.weather:0"),
                    ChatReplyCall.Of("weather", "", "functions.weather:1"),
                ],
            },
            ChatReply.Say("Fine."));
        await using ModelHost host = ModelHost.Of(server);
        List<ChatMessage> messages = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "How is the weather?")];
        var options = new ChatOptions { Tools = [Weather], MaxOutputTokens = 77 };

        ChatResponse answer = await host.AskAsync(streaming, messages, options, cancellationToken);
        messages.AddRange(answer.Messages);
        messages.Add(new(ChatRole.Tool,
            [new FunctionResultContent("functions.weather:0", "sun"), new FunctionResultContent("functions.weather:1", "rain")]));
        messages = TranscriptRoundTrip(messages);
        ChatResponse last = await host.AskAsync(streaming, messages, options, cancellationToken);

        FunctionCallContent[] calls = [.. answer.Messages.Single().Contents.OfType<FunctionCallContent>()];
        JsonElement[] sent = [.. server.Requests[1].Messages];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls));
            Assert.That(calls.Select(call => call.CallId), Is.EqualTo(new[] { "functions.weather:0", "functions.weather:1" }));
            Assert.That(calls[0].Arguments!["city"]!.ToString(), Is.EqualTo("A city with a name that is longer than a chunk"));
            Assert.That(calls[1].Arguments, Is.Empty);
            Assert.That(last.Text, Is.EqualTo("Fine."));
            Assert.That(sent, Has.Length.EqualTo(5));
            Assert.That(sent[2].GetProperty("content").ToString(), Does.Contain("Looking."));
            Assert.That(sent[2].GetProperty("tool_calls")[0].GetProperty("id").GetString(), Is.EqualTo("functions.weather:0"));
            Assert.That(
                sent[2].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString(),
                Is.EqualTo("""{"city":"A city with a name that is longer than a chunk"}"""));
            Assert.That(sent[3].GetProperty("content").GetString(), Is.EqualTo("sun"));
            Assert.That(server.Requests[0].Tools, Is.EqualTo(new[] { "weather" }));
            Assert.That(
                server.Requests[0].Body.GetProperty("tools")[0].GetProperty("function").GetProperty("parameters")
                    .GetProperty("properties").TryGetProperty("city", out _));
            Assert.That(server.Requests[0].Body.GetProperty("max_completion_tokens").GetInt32(), Is.EqualTo(77));
            Assert.That(server.Requests[0].Headers["authorization"], Is.EqualTo($"Bearer {ModelHost.Key}"));
        }
    }

    [TestCase("{\"city\": \"Par")]
    [TestCase("[1, 2]")]
    [TestCase("nonsense")]
    public async Task Ask_ArgumentsAreNoJsonObject_AreKeptAndAnEmptyObjectGoesBack(string raw,
        CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Call("weather", raw, "c1"),
            ChatReply.Say("Sorry."));
        await using ModelHost host = ModelHost.Of(server);
        List<ChatMessage> messages = [new(ChatRole.User, "How is the weather?")];

        ChatResponse answer = await host.AskAsync(streaming, messages, null, cancellationToken);
        messages.AddRange(answer.Messages);
        messages.Add(new(ChatRole.Tool, [new FunctionResultContent("c1", "The arguments are no JSON object.")]));
        await host.AskAsync(streaming, TranscriptRoundTrip(messages), null, cancellationToken);

        FunctionCallContent call = answer.Messages.Single().Contents.OfType<FunctionCallContent>().Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(call.Arguments, Is.Null);
            Assert.That(call.AdditionalProperties![ModelConventions.InvalidArguments], Is.EqualTo(raw));
            Assert.That(
                server.Requests[1].Messages[1].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments")
                    .GetString(),
                Is.EqualTo("{}"));
        }
    }

    [Test]
    public async Task Ask_JsonSchema_IsSent(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("{}"));
        await using ModelHost host = ModelHost.Of(server);
        using var schema = JsonDocument.Parse("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""");
        var options = new ChatOptions
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "finding", "A finding."),
            Temperature = 0.25f,
        };

        await host.AskAsync(streaming, [new ChatMessage(ChatRole.User, "go")], options, cancellationToken);

        JsonElement body = server.Requests.Single().Body;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(body.GetProperty("response_format").GetProperty("json_schema").GetProperty("name").GetString(),
                Is.EqualTo("finding"));
            Assert.That(body.GetProperty("response_format").GetProperty("json_schema").GetProperty("schema")
                .GetProperty("required")[0].GetString(), Is.EqualTo("a"));
            Assert.That(body.GetProperty("temperature").GetDouble(), Is.EqualTo(0.25));
        }
    }

    [Test]
    public async Task Ask_DataThatIsNoImage_IsNamedInItsPlace(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("I have not seen it."));
        await using ModelHost host = ModelHost.Of(server);
        var contract = new DataContent(new byte[1_234], "application/pdf") { Name = "contract.pdf" };
        var image = new DataContent(new byte[] { 1, 2, 3 }, "image/png");

        await host.AskAsync(
            streaming,
            [
                new ChatMessage(ChatRole.User, [new UriContent("https://example.com/a.mp3", "audio/mpeg")]),
                new ChatMessage(ChatRole.Assistant, [new TextContent("Here is a picture."), image]),
                new ChatMessage(ChatRole.User, [new TextContent("Check this contract."), contract]),
                new ChatMessage(ChatRole.User, [contract, image]),
            ],
            null, cancellationToken);

        IReadOnlyList<JsonElement> sent = server.Requests.Single().Messages;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sent.Take(3).Select(static message => message.GetProperty("content").GetString()), Is.EqualTo(new[]
            {
                "[audio/mpeg, https://example.com/a.mp3: this model cannot be shown it]",
                "Here is a picture.\n\n[image/png, 3 bytes: this model cannot be shown it]",
                "Check this contract.\n\n[contract.pdf, application/pdf, 1234 bytes: this model cannot be shown it]",
            }));
            Assert.That(sent[3].GetProperty("content")[0].GetProperty("text").GetString(), Does.Contain("1234 bytes"));
            Assert.That(sent[3].GetProperty("content")[1].GetProperty("type").GetString(), Is.EqualTo("image_url"));
        }
    }

    [TestCase("length", "length")]
    [TestCase("content_filter", "content_filter")]
    public async Task Ask_AnswerWasCut_SaysWhy(string reason, string expected, CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server =
            await OpenAIProtocolServer.StartAsync(ChatReply.Say("Half of") with { FinishReason = reason });
        await using ModelHost host = ModelHost.Of(server);

        ChatResponse answer = await host.AskAsync(streaming, cancellationToken: cancellationToken);

        Assert.That(answer.FinishReason?.Value, Is.EqualTo(expected));
        Assert.That(answer.Text, Is.EqualTo("Half of"));
    }

    [Test]
    public async Task Ask_Refusal_IsAnErrorContent(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server =
            await OpenAIProtocolServer.StartAsync(new ChatReply { Refusal = "I will not do that, whatever you say." });
        await using ModelHost host = ModelHost.Of(server);

        ChatResponse answer = await host.AskAsync(streaming, cancellationToken: cancellationToken);

        ErrorContent refusal = answer.Messages.Single().Contents.OfType<ErrorContent>().Single();
        Assert.That(refusal.Message, Is.EqualTo("I will not do that, whatever you say."));
        Assert.That(refusal.ErrorCode, Is.EqualTo(ModelConventions.Refusal));
    }

    [Test]
    public async Task EnsureUsable_FilteredOrEmpty_IsATypedError(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            ChatReply.Say("Half") with { FinishReason = "content_filter" },
            new ChatReply(),
            new ChatReply { Reasoning = "All tokens went here", FinishReason = "length" },
            ChatReply.Say("Yes."));
        await using ModelHost host = ModelHost.Of(server);
        ChatResponse filtered = await host.AskAsync(streaming, cancellationToken: cancellationToken);
        ChatResponse empty = await host.AskAsync(streaming, cancellationToken: cancellationToken);
        ChatResponse spent = await host.AskAsync(streaming, cancellationToken: cancellationToken);
        ChatResponse good = await host.AskAsync(streaming, cancellationToken: cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                Assert.Throws<AgentException>(() => filtered.EnsureUsable("main"))!.Code,
                Is.EqualTo(ErrorCode.ModelContentFiltered));
            Assert.That(Assert.Throws<AgentException>(() => empty.EnsureUsable("main"))!.Code,
                Is.EqualTo(ErrorCode.ModelProtocolError));
            Assert.That(Assert.Throws<AgentException>(() => spent.EnsureUsable("main"))!.Message,
                Does.Contain("MaxOutputTokens"));
            Assert.That(good.EnsureUsable("main"), Is.SameAs(good));
        }
    }

    /// <summary>What the transcript does to messages.</summary>
    internal static List<ChatMessage> TranscriptRoundTrip(List<ChatMessage> messages) =>
        JsonSerializer.Deserialize<List<ChatMessage>>(
            JsonSerializer.Serialize(messages, AIJsonUtilities.DefaultOptions), AIJsonUtilities.DefaultOptions)!;
}
