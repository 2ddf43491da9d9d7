using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>A model behind an endpoint that answers exactly these bodies, in turn.</summary>
internal sealed class WireHost : IAsyncDisposable
{
    private readonly ModelHost _host;

    private WireHost(OpenAIProtocolServer server, ModelHost host) => (Server, _host) = (server, host);

    public OpenAIProtocolServer Server { get; }

    public static async Task<WireHost> StartAsync(IReadOnlyList<ChatReply> replies,
        params (string Name, string? Value)[] settings)
    {
        OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync([.. replies]);
        return new WireHost(server, ModelHost.Of(server, [("MaxRetries", "0"), .. settings]));
    }

    public static Task<WireHost> StartAsync(params string[] bodies) => StartAsync([.. bodies.Select(body => Raw(body))]);

    /// <summary>Asks once for the answer of one body.</summary>
    public static async Task<ChatResponse> AskAsync(string body, bool streaming = true)
    {
        await using WireHost host = await StartAsync(body);
        return await host.AskAsync(streaming);
    }

    public static ChatReply Raw(string body, int status = 200, string? type = null) => new()
    {
        RawBody = body,
        Status = status,
        ContentType = type ?? (body.StartsWith("data:", StringComparison.Ordinal) ? "text/event-stream" : "application/json"),
    };

    /// <summary>A stream of these chunks, ended as the protocol wants.</summary>
    public static string Stream(params string[] chunks) =>
        string.Concat(chunks.Select(static chunk => $"data: {chunk}\n\n")) + "data: [DONE]\n\n";

    public static string Delta(string delta, string finish = "null") =>
        $$"""{"choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""";

    public static string Message(string message, string finish = "\"stop\"") =>
        $$"""{"choices":[{"index":0,"message":{{message}},"finish_reason":{{finish}}}]}""";

    public static FunctionCallContent[] Calls(ChatResponse answer) =>
        [.. answer.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()];

    public static string Reasoning(ChatResponse answer) =>
        string.Concat(answer.Messages.SelectMany(static message => message.Contents).OfType<TextReasoningContent>()
            .Select(static part => part.Text));

    public Task<ChatResponse> AskAsync(bool streaming = true, IEnumerable<ChatMessage>? messages = null,
        ChatOptions? options = null) =>
        _host.AskAsync(streaming, messages ?? [new ChatMessage(ChatRole.User, "hello")], options);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await Server.DisposeAsync();
    }
}
