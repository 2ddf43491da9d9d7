using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>The client of a team whose model follows a script; what it was sent is kept.</summary>
internal sealed class ScriptedClient(Func<IReadOnlyList<ChatMessage>, ChatOptions?, ChatMessage> script) : IChatClient
{
    public ConcurrentQueue<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> Requests { get; } = [];

    /// <summary>A client that asks for these calls in its first answer, and then says this.</summary>
    public static ScriptedClient Calls(string answer, params FunctionCallContent[] calls) =>
        new((messages, _) => messages.Any(static message => message.Role == ChatRole.Tool)
            ? Say(answer)
            : new ChatMessage(ChatRole.Assistant, [.. calls]));

    public static ScriptedClient Says(string answer) => new((_, _) => Say(answer));

    public static ChatMessage Say(string text) => new(ChatRole.Assistant, text);

    public static ChatMessage Call(string id, string name, params (string Key, object? Value)[] arguments) =>
        new(ChatRole.Assistant, [CallOf(id, name, arguments)]);

    public static FunctionCallContent CallOf(string id, string name, params (string Key, object? Value)[] arguments) =>
        new(id, name, arguments.ToDictionary(static one => one.Key, static one => one.Value));

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        Requests.Enqueue((all, options?.Clone()));
        return Task.FromResult(new ChatResponse(script(all, options))
        {
            FinishReason = ChatFinishReason.Stop,
            Usage = new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5, TotalTokenCount = 15 },
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
