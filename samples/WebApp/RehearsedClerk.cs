using System.Runtime.CompilerServices;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.WebApp;

/// <summary>Stands in for a model where no key is set: a script that pays one order back. Every text says so.</summary>
internal sealed class RehearsedClerk : IChatClient
{
    private const string Label = "[rehearsal model]";

    public static ModelBinding Binding { get; } = new(
        "rehearsal", "rehearsal", new ModelProfile { Provider = "rehearsal", IsRehearsal = true, Streaming = false }, new RehearsedClerk());

    /// <summary>Whether no real model is configured.</summary>
    public static bool IsNeeded(IConfiguration configuration) =>
        !configuration.GetSection("Models").GetChildren().Any()
        && !new[] { "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "MOONSHOT_API_KEY" }.Any(name => configuration[name] is { Length: > 0 });

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        FunctionResultContent? result = messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().LastOrDefault();
        return Task.FromResult(result is null
            ? Response("The order is lost, so I pay it back.", ChatFinishReason.ToolCalls,
                new FunctionCallContent("call_1", "refund", new Dictionary<string, object?> { ["order"] = "4711" }))
            : Response($"It came to: {UntrustedText.Unmark($"{result.Result}")}", ChatFinishReason.Stop));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static ChatResponse Response(string text, ChatFinishReason reason, params AIContent[] calls) =>
        new(new ChatMessage(ChatRole.Assistant, [new TextContent($"{Label} {text}"), .. calls])) { ModelId = "rehearsal", FinishReason = reason, Usage = new() };
}
