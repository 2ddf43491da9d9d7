using AgentFunctions.OpenAI;


namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>That a request is too long, in the words of many endpoints.</summary>
[CancelAfter(300_000)]
public sealed class OverflowWordsTests
{
    [TestCase("""{"error":{"message":"This model's maximum context length is 128000 tokens.","code":"context_length_exceeded"}}""", TestName = "Overflow_OpenAI")]
    [TestCase("""{"error":{"code":400,"message":"request (33071 tokens) exceeds the available context size (32768 tokens), try increasing it","type":"exceed_context_size_error"}}""", TestName = "Overflow_LlamaCpp")]
    [TestCase("""[{"error":{"code":400,"message":"The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]""", TestName = "Overflow_Gemini")]
    [TestCase("""{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}""", TestName = "Overflow_XAI")]
    [TestCase("""{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`","error_type":"validation"}""", TestName = "Overflow_Tgi")]
    [TestCase("""{"object":"error","message":"The decoder prompt (length 20000) is longer than the maximum model length of 8192.","type":"BadRequestError","code":400}""", TestName = "Overflow_Vllm")]
    [TestCase("""{"error":{"message":"The input (33000 tokens) is longer than the model's context length (32768 tokens)."}}""",
        TestName = "Overflow_SGLang")]
    [TestCase("""{"message":"Input is too long for requested model."}""", TestName = "Overflow_Bedrock")]
    [TestCase("""{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""", TestName = "Overflow_Anthropic")]
    [TestCase("""{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"}}""", TestName = "Overflow_AnthropicOutput")]
    [TestCase("""{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":3051}""", TestName = "Overflow_Mistral")]
    [TestCase("""{"error":{"message":"Invalid request: Your request exceeded model token limit: 262144","type":"invalid_request_error"}}""", TestName = "Overflow_Moonshot")]
    [TestCase("""{"error":"The number of tokens to keep from the initial prompt is greater than the context length."}""",
        TestName = "Overflow_LMStudio")]
    [TestCase("""{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}}"}}}""", TestName = "Overflow_OpenRouterPassesOn")]
    [TestCase("""{"error":{"message":"prompt token count of 70000 exceeds the limit of 64000","code":"model_max_prompt_tokens_exceeded"}}""", TestName = "Overflow_Copilot")]
    [TestCase("""{"error":{"message":"Range of input length should be [1, 30720]","code":"invalid_parameter_error"}}""",
        TestName = "Overflow_Qwen")]
    public async Task Overflow(string body)
    {
        await using WireHost host = await WireHost.StartAsync([WireHost.Raw(body, 400)]);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync())!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelContextExceeded), error.Message);
    }

    [TestCase(413, "too much", ErrorCode.ModelContextExceeded)]
    [TestCase(413, "<html>413 Request Entity Too Large</html>", ErrorCode.ModelContextExceeded)]
    [TestCase(429, """{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.","code":"rate_limit_exceeded"}}""", ErrorCode.ModelContextExceeded)]
    [TestCase(429, """{"error":{"message":"This request would exceed the rate limit of 40,000 input tokens per minute"}}""",
        ErrorCode.ModelRateLimited)]
    [TestCase(503, """{"message":"Too many tokens, please wait before trying again."}""", ErrorCode.ModelRateLimited)]
    [TestCase(400, """{"error":{"message":"An error occurred (ThrottlingException) when calling the Converse operation (reached max retries: 4): Too many tokens, please wait before trying again."}}""", ErrorCode.ModelRateLimited)]
    [TestCase(500, """{"error":{"message":"litellm.RateLimitError: BedrockException - {\"message\":\"Too many tokens per day, please wait before trying again.\"}"}}""", ErrorCode.ModelRateLimited)]
    [TestCase(400, """{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.","code":"rate_limit_exceeded"}}""", ErrorCode.ModelContextExceeded)]
    [TestCase(400, """{"error":{"message":"Invalid value for 'tools'."}}""", ErrorCode.ModelRequestRejected)]
    [TestCase(402, """{"error":{"message":"Insufficient credits"}}""", ErrorCode.ModelRequestRejected)]
    public async Task Refusal_OtherStatus_IsTyped(int status, string body, ErrorCode expected)
    {
        await using WireHost host = await WireHost.StartAsync([WireHost.Raw(body, status)]);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync())!;

        Assert.That(error.Code, Is.EqualTo(expected), error.Message);
        Assert.That(error.Data.Contains(ModelConventions.UnknownRefusal),
            Is.EqualTo(status == 400 && expected == ErrorCode.ModelRequestRejected));
    }
}
