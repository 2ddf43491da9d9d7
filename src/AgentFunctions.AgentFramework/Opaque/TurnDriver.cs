using System.Runtime.CompilerServices;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Stands in for the model of an opaque agent: asks for a turn for what was said last, and says what came of it. It costs
/// nothing.
/// </summary>
internal sealed class TurnDriver(string tool) : IChatClient
{
    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        ChatMessage[] said = [.. all.Reverse().TakeWhile(static message => message.Role == ChatRole.User).Reverse()];
        string text = string.Join(
            "\n\n", said.Where(static message => !HostNotice.Is(message)).Select(static message => message.Text));
        ChatMessage answer = text.Length > 0 && options?.Tools is { Count: > 0 }
            ? new ChatMessage(
                ChatRole.Assistant,
                [new FunctionCallContent($"turn-{all.Length}", tool, new Dictionary<string, object?> { ["message"] = text })])
            : new ChatMessage(ChatRole.Assistant, ResultOf(all));
        return Task.FromResult(new ChatResponse(answer)
        {
            FinishReason = answer.Contents.OfType<FunctionCallContent>().Any()
                ? ChatFinishReason.ToolCalls
                : ChatFinishReason.Stop,
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
            .ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType?.IsInstanceOfType(this) == true ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // It holds nothing.
    }

    private static string ResultOf(ChatMessage[] messages) =>
        messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().LastOrDefault() is { } last
            && last.Result?.ToString() is { } result
            ? UntrustedText.Unmark(result)
            : "The agent was not asked: the run has no turn left.";
}
