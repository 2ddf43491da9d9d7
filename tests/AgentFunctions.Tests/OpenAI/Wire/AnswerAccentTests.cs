using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>Texts, reasons, usage and streams as endpoints write them.</summary>
[CancelAfter(300_000)]
public sealed class AnswerAccentTests
{
    private const string Yes = """{"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":null}]}""";
    private const string End = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    [TestCase("data: " + Yes + "\r\n\r\ndata: " + End + "\r\n\r\n", TestName = "Stream_CrLfWithoutDone_IsRead")]
    [TestCase("data: " + Yes + "\r\rdata: " + End + "\r\rdata: [DONE]\r\r", TestName = "Stream_Cr_IsRead")]
    [TestCase("\uFEFFdata:" + Yes + "\n\ndata:" + End + "\n\ndata:[DONE]", TestName = "Stream_ByteOrderMarkWithoutSpaces_IsRead")]
    [TestCase(": queued\n\n: queued\n\nevent: message\nid: 1\nretry: 5\ndata: " + Yes + "\n\n: ping\n\ndata: " + End + "\n\n",
        TestName = "Stream_CommentsAndOtherFields_IsRead")]
    [TestCase("data: " + Yes + "\ndata: " + End + "\ndata: [DONE]\n", TestName = "Stream_WithoutEmptyLines_IsRead")]
    [TestCase("data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"yes\"}}]}\n\ndata: " + End,
        TestName = "Stream_DataInSeveralLines_IsRead")]
    [TestCase("data: " + Yes + "\n\ndata: [DONE]\n\n", TestName = "Stream_DoneWithoutReason_IsRead")]
    [TestCase(Yes + "\n" + End + "\n", TestName = "Stream_BareJsonLines_IsRead")]
    [TestCase("""{"choices":[{"message":{"content":"yes"}}]}""", TestName = "Stream_JsonInItsPlace_IsRead")]
    [TestCase("data: {\"id\":null,\"choices\":[]}\n\ndata: {}\n\ndata: null\n\ndata: " + Yes
        + "\n\ndata: {\"choices\":[{\"delta\":null}]}\n\ndata: " + End + "\n\ndata: " + End,
        TestName = "Stream_EmptyAndRepeatedChunks_IsRead")]
    [TestCase("data: " + Yes
        + "\n\ndata: {\"choices\":[{\"delta\":{},\"message\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}\n\n",
        TestName = "Stream_LastChunkRepeatsTheMessage_IsRead")]
    [TestCase("data: " + Yes + "\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\n",
        TestName = "Stream_UsageMarksTheEnd_IsRead")]
    public async Task Stream_AnyForm_IsRead(string body)
    {
        foreach (string type in new[] { "text/event-stream", "text/plain", "application/json", "application/octet-stream" })
        {
            await using WireHost host = await WireHost.StartAsync([WireHost.Raw(body, type: type)]);

            Assert.That((await host.AskAsync()).Text, Is.EqualTo("yes"), type);
        }
    }

    [TestCase("""{"content":"yes"}""")]
    [TestCase("""{"role":"model","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"yes"}]}""")]
    [TestCase("""{"content":["y",{"text":"es"}]}""")]
    [TestCase("""{"content":{"type":"text","text":{"value":"yes"}}}""")]
    public async Task Content_AnyForm_IsText(string said)
    {
        ChatResponse streamed = await WireHost.AskAsync(WireHost.Stream(WireHost.Delta(said), End));
        ChatResponse whole = await WireHost.AskAsync(WireHost.Message(said), streaming: false);

        Assert.That(streamed.Text, Is.EqualTo("yes"));
        Assert.That(whole.Text, Is.EqualTo("yes"));
    }

    [Test]
    public async Task Content_RefusalPart_IsARefusal()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Message("""{"content":[{"type":"refusal","refusal":"no"}]}"""),
            streaming: false);

        Assert.That(answer.Messages[0].Contents.OfType<ErrorContent>().Single().Message, Is.EqualTo("no"));
    }

    [Test]
    public async Task Content_CallsInASecondChoice_AreTaken()
    {
        ChatResponse answer = await WireHost.AskAsync(
            """{"choices":[{"index":0,"message":{"content":"Looking."}},{"index":1,"message":{"content":"Other","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}""",
            streaming: false);

        Assert.That(answer.Text, Is.EqualTo("Looking."));
        Assert.That(WireHost.Calls(answer).Single().Name, Is.EqualTo("f"));
    }

    [TestCase("\"eos\"", "stop")]
    [TestCase("\"\"", "stop")]
    [TestCase("\"MAX_TOKENS\"", "length")]
    [TestCase("\"max_tokens\"", "length")]
    [TestCase("\"SAFETY\"", "content_filter")]
    [TestCase("7", "stop")]
    [TestCase("\"eos_token\"", "stop")]
    [TestCase("\"stop_sequence\"", "stop")]
    [TestCase("\"MALFORMED_FUNCTION_CALL\"", "malformed_call")]
    [TestCase("\"function_call_filter: MALFORMED_FUNCTION_CALL\"", "malformed_call")]
    [TestCase("\"UNEXPECTED_TOOL_CALL\"", "malformed_call")]
    [TestCase("\"TOO_MANY_TOOL_CALLS\"", "malformed_call")]
    [TestCase("\"IMAGE_SAFETY\"", "content_filter")]
    [TestCase("\"IMAGE_PROHIBITED_CONTENT\"", "content_filter")]
    [TestCase("\"MODEL_ARMOR\"", "content_filter")]
    [TestCase("null", "stop")]
    public async Task FinishReason_Foreign_IsUnderstood(string reason, string expected)
    {
        ChatResponse streamed = await WireHost.AskAsync(WireHost.Stream(Yes, WireHost.Delta("{}", reason)));
        ChatResponse whole = await WireHost.AskAsync(WireHost.Message("""{"content":"yes"}""", reason), streaming: false);

        Assert.That(streamed.FinishReason?.Value, Is.EqualTo(expected));
        Assert.That(whole.FinishReason?.Value, Is.EqualTo(expected));
    }

    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("\"none\"")]
    [TestCase("""{"prompt_tokens":0,"completion_tokens":0}""")]
    [TestCase("""{"prompt_tokens":-1,"completion_tokens":-5}""")]
    [TestCase("""{"prompt_tokens":"many","completion_tokens":"12"}""")]
    [TestCase("""{"prompt_tokens":null}""")]
    [TestCase("""{"prompt_tokens":1e300,"completion_tokens":99999999999999}""")]
    public async Task Usage_ThatIsNoCount_IsNotBelieved(string usage)
    {
        ChatResponse answer = await WireHost.AskAsync($$$"""{"choices":[{"message":{"content":"yes"}}],"usage":{{{usage}}}}""",
            streaming: false);

        Assert.That(answer.Usage?.InputTokenCount, Is.Null);
        Assert.That(answer.Usage?.OutputTokenCount, Is.Null);
    }

    [TestCase("""{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":7.0,"completion_tokens":3,"cached_tokens":2}}]}""")]
    [TestCase("""{"choices":[],"usage":{"input_tokens":7,"output_tokens":3,"input_tokens_details":{"cached_tokens":2}}}""")]
    [TestCase("""{"choices":[],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_cache_hit_tokens":2}}}""")]
    public async Task Usage_InOtherPlaces_IsCounted(string chunk)
    {
        ChatResponse answer =
            await WireHost.AskAsync(WireHost.Stream(Yes, chunk,
                """{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}"""));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Usage!.InputTokenCount, Is.EqualTo(7));
            Assert.That(answer.Usage.OutputTokenCount, Is.EqualTo(3));
            Assert.That(answer.Usage.CachedInputTokenCount, Is.EqualTo(2));
        }
    }

    [TestCase("""{"prompt_tokens":12,"completion_tokens":1,"total_tokens":399,"completion_tokens_details":{"reasoning_tokens":386}}""",
        387, TestName = "Usage_ReasoningBesideTheCompletion_XAI")]
    [TestCase("""{"prompt_tokens":10120,"completion_tokens":1499,"total_tokens":14428,"prompt_tokens_details":{"cached_tokens":8064},"completion_tokens_details":{"reasoning_tokens":2809}}""",
        4308, TestName = "Usage_ReasoningBesideTheCompletion_XAIWithACache")]
    [TestCase("""{"prompt_tokens":21,"completion_tokens":0,"total_tokens":81,"completion_tokens_details":{"reasoning_tokens":60}}""",
        60, TestName = "Usage_ReasoningBesideTheCompletion_GatewayToGemini")]
    [TestCase("""{"prompt_tokens":20,"completion_tokens":151,"total_tokens":553}""", 533,
        TestName = "Usage_ReasoningBesideTheCompletion_GeminiTellsItInTheTotalAlone")]
    [TestCase("""{"prompt_tokens":12,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":386}}""", 387,
        TestName = "Usage_ReasoningBesideTheCompletion_WithoutATotal")]
    [TestCase("""{"prompt_tokens":12,"completion_tokens":400,"total_tokens":412,"completion_tokens_details":{"reasoning_tokens":386}}""",
        400, TestName = "Usage_ReasoningWithinTheCompletion_OpenAI")]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":50,"total_tokens":860,"prompt_tokens_details":{"cached_tokens":800},"completion_tokens_details":{"reasoning_tokens":40}}""",
        50, TestName = "Usage_CacheBesideTheInput_IsNoOutput")]
    public async Task Usage_Output_IsAllThatIsPaidAsOutput(string usage, int output)
    {
        ChatResponse whole = await WireHost.AskAsync($$$"""{"choices":[{"message":{"content":"yes"}}],"usage":{{{usage}}}}""",
            streaming: false);
        ChatResponse streamed = await WireHost.AskAsync(WireHost.Stream(Yes, End, $$"""{"choices":[],"usage":{{usage}}}"""));

        Assert.That(whole.Usage!.OutputTokenCount, Is.EqualTo(output));
        Assert.That(streamed.Usage!.OutputTokenCount, Is.EqualTo(output));
    }

    [Test]
    public async Task Text_SurrogatePairCutBetweenChunks_IsJoined()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Stream(
            WireHost.Delta("""{"content":"a\ud83d"}"""), WireHost.Delta("""{"content":"\ude00b \ud83d c"}"""), End));

        Assert.That(answer.Text, Is.EqualTo("a😀b \uFFFD c"));
    }

    [Test]
    public async Task Text_HalfASurrogatePairInArguments_IsReplacedAndTheOriginalKept()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Stream(WireHost.Delta(
            """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"t\":\"half \\ud83d of \\\\ud83d\"}"}}]}""", "\"tool_calls\"")));

        FunctionCallContent call = WireHost.Calls(answer).Single();
        Assert.That(call.Arguments!["t"]!.ToString(), Is.EqualTo(@"half " + "\uFFFD" + @" of \ud83d"));
        Assert.That(call.AdditionalProperties![ModelConventions.OriginalArguments], Does.Contain(@"\ud83d of"));
    }

    [TestCase("""{"error":{"message":"upstream is busy","code":502}}""", ErrorCode.ModelUnavailable)]
    [TestCase("""{"error":{"message":"slow down","code":429}}""", ErrorCode.ModelRateLimited)]
    [TestCase("""{"error":"boom"}""", ErrorCode.ModelUnavailable)]
    [TestCase("""[{"error":{"message":"The input token count (5) exceeds the maximum number of tokens allowed (4).","code":400}}]""", ErrorCode.ModelContextExceeded)]
    [TestCase("""{"object":"error","message":"bad field","type":"BadRequestError","code":400}""", ErrorCode.ModelRequestRejected)]
    [TestCase("""{"choices":[{"error":{"message":"broken","code":500},"finish_reason":"error"}]}""", ErrorCode.ModelUnavailable)]
    [TestCase("""{"choices":[{"delta":{"content":""},"finish_reason":"error"}]}""", ErrorCode.ModelUnavailable)]
    [TestCase("""{"choices":[{"delta":{"content":"Upstream request failed"},"finish_reason":"error_finish"}]}""", ErrorCode.ModelUnavailable)]
    [TestCase("""{"error":{"message":"An error occurred (ThrottlingException) when calling the ConverseStream operation: Too many tokens, please wait before trying again."}}""", ErrorCode.ModelRateLimited)]
    [TestCase("""{"hello":"world"}""", ErrorCode.ModelProtocolError)]
    [TestCase("<html><body>Sign in</body></html>", ErrorCode.ModelProtocolError)]
    [TestCase("Internal Server Error", ErrorCode.ModelStreamTruncated)]
    [TestCase("", ErrorCode.ModelUnavailable)]
    public async Task Error_WithStatus200_IsTyped(string body, ErrorCode expected)
    {
        foreach (bool streaming in new[] { true, false })
        {
            await using WireHost host = await WireHost.StartAsync(body);

            AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming))!;

            Assert.That(error.Code,
                Is.EqualTo(expected).Or.EqualTo(expected == ErrorCode.ModelUnavailable
                    ? ErrorCode.ModelStreamTruncated
                    : expected));
        }
    }

    [TestCase("data: {\"error\":{\"message\":\"overloaded\"}}\n\n")]
    [TestCase("event: error\ndata: {\"message\":\"overloaded\"}\n\n")]
    [TestCase("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}],\"error\":{\"message\":\"overloaded\"}}\n\n")]
    [TestCase("data: {\"choices\":[{\"delta\":{},\"fini")]
    [TestCase("")]
    public async Task Error_WithinAStream_IsTransient(string rest)
    {
        await using WireHost host = await WireHost.StartAsync("data: " + Yes + "\n\n" + rest);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync())!;

        Assert.That(error.IsTransient, Is.True, error.Message);
        if (rest.Contains("overloaded", StringComparison.Ordinal))
        {
            Assert.That(error.Message, Does.Contain("overloaded"), "the provider's own words");
        }
    }
}
