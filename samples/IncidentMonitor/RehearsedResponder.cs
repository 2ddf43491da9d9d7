using System.Runtime.CompilerServices;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.IncidentMonitor;

/// <summary>
/// Stands in for a model where no key is set: a script that follows the runbook by what the tools return. Every text says so.
/// </summary>
internal sealed class RehearsedResponder : IChatClient
{
    private const string Label = "[rehearsal model]";

    /// <summary>The stand-in as a model of the host.</summary>
    public static ModelBinding Binding { get; } = new(
        "rehearsal", "rehearsal", new ModelProfile { Provider = "rehearsal", IsRehearsal = true, Streaming = false }, new RehearsedResponder());

    /// <summary>Whether no real model is configured.</summary>
    public static bool IsNeeded(IConfiguration configuration) =>
        !configuration.GetSection("Models").GetChildren().Any()
        && !new[] { "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "MOONSHOT_API_KEY" }.Any(name => configuration[name] is { Length: > 0 });

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        string[] results = [.. messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Select(result => UntrustedText.Unmark($"{result.Result}"))];
        return Task.FromResult(results switch
        {
            [] => Call("I look at the service first.", "check_service", 1),
            [var seen] when !seen.Contains("200 OK", StringComparison.Ordinal) => Call($"It answers '{seen}'. The runbook says: restart it.", "restart_service", 2),
            [var seen] => Say($"The service answers '{seen}'. There is nothing to do."),
            [_, var restarted] => Call($"The restart came to: {restarted}. I look again.", "check_service", 3),
            [var before, .., var after] => Say($"Before: '{before}'. I restarted the service as the runbook allows. After: '{after}'. Nothing is left to do."),
        });
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

    private static ChatResponse Call(string text, string tool, int number) =>
        Response(text, ChatFinishReason.ToolCalls, [new FunctionCallContent($"call_{number}", tool, new Dictionary<string, object?>())]);

    private static ChatResponse Say(string text) => Response(text, ChatFinishReason.Stop, []);

    private static ChatResponse Response(string text, ChatFinishReason reason, IEnumerable<AIContent> calls) =>
        new(new ChatMessage(ChatRole.Assistant, [new TextContent($"{Label} {text}"), .. calls])) { ModelId = "rehearsal", FinishReason = reason, Usage = new() };
}
