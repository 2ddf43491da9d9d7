using AgentFunctions.TestKit;
using Azure.Identity;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Models;

/// <summary>A deployment is asked through Azure's package, whole or streamed.</summary>
[TestFixture(true)]
[TestFixture(false)]
[CancelAfter(1_800_000)]
public sealed class AzureChatClientsTests(bool streaming)
{
    private const string Deployment = "/openai/deployments/my-deployment/chat/completions?api-version=";

    // Azure says what its content filter found: of the prompt beside the choices or in a chunk without any, of the answer in each
    // choice.
    private const string Whole = """
        {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4.1-mini-2025-04-14",
        "prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"jailbreak":{"filtered":false,"detected":false}}}],
        "choices":[{"index":0,"finish_reason":"stop","logprobs":null,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},
        "message":{"role":"assistant","content":"Good day.","refusal":null,"annotations":[]}}],
        "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12},"system_fingerprint":"fp_1"}
        """;

    private const string Streamed = """
        data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}

        data: {"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}],"created":1700000000,"id":"chatcmpl-1","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk","system_fingerprint":"fp_1","usage":null}

        data: {"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"delta":{"content":"Good day."},"finish_reason":null,"index":0,"logprobs":null}],"created":1700000000,"id":"chatcmpl-1","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk","system_fingerprint":"fp_1","usage":null}

        data: {"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0,"logprobs":null}],"created":1700000000,"id":"chatcmpl-1","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk","system_fingerprint":"fp_1","usage":null}

        data: {"choices":[{"content_filter_offsets":{"check_offset":44,"start_offset":44,"end_offset":53},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"finish_reason":null,"index":0}],"created":0,"id":"","model":"","object":""}

        data: {"choices":[],"created":1700000000,"id":"chatcmpl-1","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk","system_fingerprint":"fp_1","usage":{"completion_tokens":3,"prompt_tokens":9,"total_tokens":12}}

        data: [DONE]


        """;

    private static readonly AIFunction Weather = AIFunctionFactory.Create((string city) => city, "weather", "Tells the weather.");

    private StubCredential _credential = null!;

    [SetUp]
    public void SetUp() => _credential = new StubCredential();

    [Test]
    public async Task Ask_AsTheIdentity_ReachesTheDeploymentWithItsToken(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            new ChatReply { Text = "A good day to you.", Usage = new ChatReplyUsage(Input: 100, Output: 50, Cached: 80) });
        await using var host = new AzureModelHost(server, _credential);

        ChatResponse answer = await host.AskAsync(streaming, new ChatOptions { MaxOutputTokens = 321 }, cancellationToken);

        ChatRequest request = server.Requests.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("A good day to you."));
            Assert.That(answer.Usage!.InputTokenCount, Is.EqualTo(100));
            Assert.That(answer.Usage.CachedInputTokenCount, Is.EqualTo(80));
            Assert.That(request.Target, Does.StartWith(Deployment));
            Assert.That(request.Stream, Is.EqualTo(streaming));
            Assert.That(request.Headers["authorization"], Is.EqualTo($"Bearer {StubCredential.Token}"));
            Assert.That(request.Headers.Keys, Has.None.EqualTo("api-key"));
            Assert.That(_credential.Scopes, Is.EqualTo(["https://cognitiveservices.azure.com/.default"]));
            Assert.That(request.Body.GetProperty("max_completion_tokens").GetInt32(), Is.EqualTo(321));
            Assert.That(request.Body.TryGetProperty("max_tokens", out _), Is.False, "models that think first refuse it");
        }
    }

    [Test]
    public async Task Ask_WithAKey_SendsTheKeyAndNoToken(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Yes."));
        await using var host = new AzureModelHost(server, _credential, ("Key", "key-of-the-resource"));

        await host.AskAsync(streaming, null, cancellationToken);

        ChatRequest request = server.Requests.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request.Headers["api-key"], Is.EqualTo("key-of-the-resource"));
            Assert.That(request.Headers.Keys, Has.None.EqualTo("authorization"));
            Assert.That(_credential.Scopes, Is.Empty);
        }
    }

    [Test]
    public async Task Ask_EndpointThatNamesTheVersionFreePath_ReachesTheDeployment(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Yes."));
        string endpoint = $"{server.BaseUrl[..^"/v1".Length]}/openai/v1/";
        await using var host = new AzureModelHost(server, _credential, ("Endpoint", endpoint));

        await host.AskAsync(streaming, null, cancellationToken);

        Assert.That(server.Requests.Single().Target, Does.StartWith(Deployment));
    }

    [Test]
    public async Task Ask_CallOfATool_ComesWithItsArguments(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server =
            await OpenAIProtocolServer.StartAsync(ChatReply.Call("weather", new { city = "Oslo" }, "call-1"));
        await using var host = new AzureModelHost(server, _credential);

        ChatResponse answer = await host.AskAsync(streaming, new ChatOptions { Tools = [Weather] }, cancellationToken);

        FunctionCallContent call = answer.Messages.Single().Contents.OfType<FunctionCallContent>().Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Requests.Single().Tools, Is.EqualTo(["weather"]));
            Assert.That(call.CallId, Is.EqualTo("call-1"));
            Assert.That(call.Arguments!["city"]!.ToString(), Is.EqualTo("Oslo"));
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls));
        }
    }

    [Test]
    public async Task Ask_AnswerAsAzureWritesIt_IsRead(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            new ChatReply
            {
                RawBody = streaming ? Streamed : Whole,
                ContentType = streaming
                ? "text/event-stream"
                : "application/json"
            });
        await using var host = new AzureModelHost(server, _credential);

        ChatResponse answer = await host.AskAsync(streaming, null, cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("Good day."));
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
            Assert.That(answer.Usage!.OutputTokenCount, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task Ask_Busy_WaitsAsLongAsItWasAskedAndRepeats(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            ChatReply.Error(429, "Slow down.", "429", ("retry-after-ms", "1")), ChatReply.Say("Here."));
        // Whoever does not read the header waits for an hour.
        await using var host = new AzureModelHost(server, _credential, ("RetryDelay", "01:00:00"));

        ChatResponse answer = await host.AskAsync(streaming, null, cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("Here."));
            Assert.That(server.Count, Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Ask_BusyForLong_LeavesTheWaitToTheRun(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(
            ChatReply.Error(429, "Slow down.", "429", ("Retry-After", "86400")));
        await using var host = new AzureModelHost(server, _credential);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming, null, cancellationToken))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelRateLimited));
            Assert.That(error.RetryAfter, Is.EqualTo(TimeSpan.FromDays(1)));
            Assert.That(server.Count, Is.EqualTo(1), "neither the pipeline nor the package repeats it");
        }
    }

    [Test]
    public async Task Ask_ServerThatFails_IsAskedAsOftenAsThePipelineSays(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Error(503, "Down."));
        await using var host = new AzureModelHost(server, _credential, ("MaxRetries", "2"));

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming, null, cancellationToken))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelUnavailable));
            Assert.That(server.Count, Is.EqualTo(3), "the package's own retries would multiply");
        }
    }

    [Test]
    public async Task Ask_AnyRequest_GoesThroughTheFactorysClient(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Yes."));
        await using var host = new AzureModelHost(
            server, _credential, services => services.AddHttpClient("model:main")
                .AddHttpMessageHandler(static () => new MarkingHandler()));

        await host.AskAsync(streaming, null, cancellationToken);

        Assert.That(server.Requests.Single().Headers["x-mark"], Is.EqualTo("factory"));
    }

    [Test]
    public async Task Ask_IdentityThatCannotSignIn_SaysHowToMendIt(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Yes."));
        var refused = new StubCredential { Refusal = new CredentialUnavailableException("No identity is assigned.") };
        await using var host = new AzureModelHost(server, refused);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming, null, cancellationToken))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelUnauthorized));
            Assert.That(error.Message, Does.Contain("managed identity"));
            Assert.That(server.Count, Is.Zero);
        }
    }

    private sealed class MarkingHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("x-mark", "factory");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
