using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>Stands for a model that lacks its key: the host starts, and who calls the model learns what to set.</summary>
internal sealed class KeylessChatClient(string message) : IChatClient
{
    public AgentException Error() => new(ErrorCode.ModelKeyMissing, message);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromException<ChatResponse>(Error());

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw Error();

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }
}
