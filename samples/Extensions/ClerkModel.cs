using Microsoft.Extensions.AI;

namespace AgentFunctions.Extensions;

/// <summary>
/// A model of one's own: any <see cref="IChatClient"/>. This one pays two bills, one call at a time, and then says so.
/// </summary>
internal sealed class ClerkModel : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        int paid = messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().Count();
        AIContent next = paid < 2
            ? new FunctionCallContent($"bill-{paid}", "pay",
                new Dictionary<string, object?> { ["to"] = "bob", ["amount"] = paid == 0 ? 40 : 900 })
            : new TextContent("Both bills are paid.");
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [next])));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options,
            cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }
}
