using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>A model at temperature 0: asks for its tools one after the other, and takes for done what it is told.</summary>
internal sealed class RehearsedClerk(KillPoint kill, string calls) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Disk.Append(calls, "model");
        HashSet<string> done = [.. messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
            .Select(static result => result.CallId)];
        string? next = (options?.Tools ?? []).Select(static tool => tool.Name)
            .OrderBy(static name => Array.IndexOf(Shop.Effects, name))
            .FirstOrDefault(name => !done.Contains($"call-{name}"));
        if (next == "mark_refunded")
        {
            kill.Pass("model after charge");
        }

        if (next is null && options?.Tools is { Count: > 0 } tools && tools.Any(static tool => tool.Name == "notify"))
        {
            kill.Pass("model at the end");
        }

        ChatMessage answer = next is null
            ? new ChatMessage(ChatRole.Assistant, "The order is refunded.")
            : new ChatMessage(ChatRole.Assistant,
                [new FunctionCallContent($"call-{next}", next, new Dictionary<string, object?> { ["order"] = "4711" })]);
        return Task.FromResult(new ChatResponse(answer)
        {
            FinishReason = next is null ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
        });
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }
}
