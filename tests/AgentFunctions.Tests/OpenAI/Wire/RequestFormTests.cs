using System.Text.Json;
using AgentFunctions.OpenAI;
using AgentFunctions.OpenAI.Providers;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>A field that an endpoint refuses is left out from then on.</summary>
[CancelAfter(300_000)]
public sealed class RequestFormTests
{
    private static readonly ChatOptions Options = new()
    {
        MaxOutputTokens = 500,
        Temperature = 0.5f,
        AllowMultipleToolCalls = true,
        Tools = [AIFunctionFactory.Create(static () => "x", "f")],
    };

    [TestCase("Extra inputs are not permitted: ['max_completion_tokens', 'stream_options', 'parallel_tool_calls']",
        "max_completion_tokens,stream_options,parallel_tool_calls", "max_tokens")]
    [TestCase("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature", "max_completion_tokens")]
    [TestCase("Unrecognized request argument supplied: stream_options", "stream_options", "max_completion_tokens")]
    public async Task Refused_FieldByName_IsLeftOutAndRemembered(string words, string left, string bound)
    {
        await using WireHost host = await WireHost.StartAsync([ChatReply.Error(400, words), ChatReply.Say("yes")]);

        await host.AskAsync(options: Options);
        await host.AskAsync(options: Options);

        Assert.That(host.Server.Count, Is.EqualTo(3), "asked again once, then asked rightly at once");
        foreach (ChatRequest request in host.Server.Requests.Skip(1))
        {
            foreach (string field in left.Split(','))
            {
                Assert.That(request.Body.TryGetProperty(field, out _), Is.False, field);
            }

            Assert.That(request.Body.GetProperty(bound).GetInt32(), Is.EqualTo(500));
            Assert.That(request.Stream);
        }
    }

    [Test]
    public async Task Refused_ByTheListOfMistral_IsLeftOut()
    {
        const string Body = """{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":500}]},"type":"invalid_request_error"}""";
        const string Detail =
            """{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{}}]}""";
        await using WireHost host =
            await WireHost.StartAsync([WireHost.Raw(Body, 422), WireHost.Raw(Detail, 422), ChatReply.Say("yes")]);

        Assert.That((await host.AskAsync(options: Options)).Text, Is.EqualTo("yes"));
        JsonElement sent = host.Server.Requests[^1].Body;
        Assert.That(sent.TryGetProperty("max_completion_tokens", out _), Is.False);
        Assert.That(sent.TryGetProperty("stream_options", out _), Is.False);
        Assert.That(sent.GetProperty("max_tokens").GetInt32(), Is.EqualTo(500));
    }

    [Test]
    public async Task Refused_BothNamesOfTheBound_AreLeftOut()
    {
        await using WireHost host = await WireHost.StartAsync(
        [
            ChatReply.Error(400, "unknown field max_completion_tokens"), ChatReply.Error(400, "unknown field max_tokens"),
            ChatReply.Say("yes"),
        ]);

        Assert.That((await host.AskAsync(options: Options)).Text, Is.EqualTo("yes"));
        Assert.That(host.Server.Requests[^1].Body.TryGetProperty("max_tokens", out _), Is.False);
    }

    [TestCase("max_tokens is too large: 500. This model supports at most 100 completion tokens, whereas you provided 500.")]
    [TestCase("`max_completion_tokens` must be less than or equal to `100`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model")]
    public async Task Refused_BoundIsTooLarge_IsLowered(string words)
    {
        await using WireHost host = await WireHost.StartAsync([ChatReply.Error(400, words), ChatReply.Say("yes")]);

        await host.AskAsync(options: Options);

        Assert.That(host.Server.Requests[^1].Body.GetProperty("max_completion_tokens").GetInt32(), Is.EqualTo(100));
    }

    [TestCase(400, """{"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error"}}""",
        TestName = "Refused_Format_DeepSeek")]
    [TestCase(422, """{"error":{"message":"response_format.type `json_schema` is unavailable now"}}""",
        TestName = "Refused_Format_DeepSeekByName")]
    [TestCase(400, """[{"error":{"code":400,"message":"Function calling with a response mime type: 'application/json' is unsupported","status":"INVALID_ARGUMENT"}}]""",
        TestName = "Refused_Format_GeminiWithTools")]
    [TestCase(400, """{"error":{"message":"json mode cannot be combined with tool/function calling","type":"invalid_request_error"}}""",
        TestName = "Refused_Format_GroqWithTools")]
    public async Task Refused_Format_IsSaidInWords(int status, string body)
    {
        await using WireHost host = await WireHost.StartAsync([WireHost.Raw(body, status), ChatReply.Say("{}")]);
        var schema = JsonElement.Parse("""{"type":"object","properties":{"verdict":{"type":"string"}}}""");
        ChatOptions options = Options.Clone();
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(schema, "result");
        List<ChatMessage> messages = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Judge.")];

        await host.AskAsync(true, messages, options);
        await host.AskAsync(true, messages[1..], options);

        ChatRequest[] sent = [.. host.Server.Requests];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sent, Has.Length.EqualTo(3), "asked again once, then asked rightly at once");
            Assert.That(sent[0].Body.TryGetProperty("response_format", out _));
            Assert.That(sent[0].Last("system"), Is.EqualTo("Be brief."));
            Assert.That(sent.Skip(1).Count(static request => request.Body.TryGetProperty("response_format", out _)), Is.Zero);
            Assert.That(sent[1].Messages, Has.Count.EqualTo(2), "several endpoints take one system message");
            Assert.That(sent[1].Last("system"), Does.StartWith("Be brief.").And.Contain(schema.GetRawText()));
            Assert.That(sent[2].Last("system"), Does.Contain(schema.GetRawText()));
        }
    }

    [Test]
    public async Task Refused_SchemaThatIsWrong_IsOneRequestsFaultAndNotLearned()
    {
        const string Wrong = """{"error":{"message":"Invalid schema for response_format 'result': In context=(), 'additionalProperties' is required to be supplied and to be false.","type":"invalid_request_error","param":"response_format","code":null}}""";
        await using WireHost host = await WireHost.StartAsync([WireHost.Raw(Wrong, 400), ChatReply.Say("{}")]);
        ChatOptions options = Options.Clone();
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}"""), "result");
        List<ChatMessage> messages = [new(ChatRole.User, "Judge.")];

        Assert.That(() => host.AskAsync(true, messages, options),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ModelRequestRejected)
                .And.Message.Contains("Invalid schema"));
        await host.AskAsync(true, messages, options);

        Assert.That(host.Server.Requests.Select(static request => request.Body.TryGetProperty("response_format", out _)),
            Is.EqualTo(new[] { true, true }));
    }

    [Test]
    public void Form_OfDeepSeek_IsKnownWithoutARefusal()
    {
        RequestForm form = ModelProvider.OpenAI.Form(new ModelOptions { Endpoint = "https://api.deepseek.com/v1" });

        Assert.That(form.Takes("response_format"), Is.False);
    }

    [TestCase(false, "max_completion_tokens")]
    [TestCase(true, "max_completion_tokens")]
    [TestCase(false, "max_tokens")]
    public async Task Refused_BoundWasThoughtAway_IsAnAnswerThatIsCut(bool withinStream, string field)
    {
        ChatReply spent = ChatReply.Error(withinStream ? 200 : 400,
            "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
            "invalid_request_error");
        ChatReply unknown = ChatReply.Error(400, "unknown field max_completion_tokens");
        await using WireHost host = await WireHost.StartAsync(field == "max_tokens" ? [unknown, spent] : [spent]);

        ChatResponse answer = await host.AskAsync(options: Options);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((answer.FinishReason, answer.Text), Is.EqualTo((ChatFinishReason.Length, "")));
            Assert.That(answer.Usage!.OutputTokenCount, Is.EqualTo(500), "it is paid for");
            Assert.That(host.Server.Requests[^1].Body.TryGetProperty(field, out _), "the field was not refused");
        }
    }

    [TestCase("messages: at least one message is required")]
    [TestCase("'max_tokens' or 'max_completion_tokens' is too large: 500. This model's maximum context length is 400 tokens and your request has 300 input tokens.")]
    public async Task Refused_ForAnotherReason_IsNotRepeated(string words)
    {
        await using WireHost host = await WireHost.StartAsync([ChatReply.Error(400, words), ChatReply.Say("yes")]);

        Assert.ThrowsAsync<AgentException>(() => host.AskAsync(options: Options));
        Assert.That(host.Server.Count, Is.EqualTo(1));
    }
}
