using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>A model at temperature 0: asks for its tools one after the other, and takes for done what it is told.</summary>
internal sealed class RehearsedClerk(KillPoint kill, string folder) : IChatClient
{
    private const string Call = "call-";
    private const string Unknown = "its outcome is unknown";
    private const StringComparison Words = StringComparison.Ordinal;

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Disk.Append(Path.Combine(folder, Counts.ModelCallsFile), "model");
        FunctionResultContent[] results = [.. messages.SelectMany(static message => message.Contents)
            .OfType<FunctionResultContent>()];
        HashSet<string> done = [.. results.Select(static result => result.CallId)];
        foreach (FunctionResultContent unknown in results.Where(static one => one.Result?.ToString()?.Contains(Unknown,
            Words) == true))
        {
            Disk.Append(Path.Combine(folder, Counts.UnknownFile), unknown.CallId[Call.Length..]);
        }

        string? next = (options?.Tools ?? []).Select(static tool => tool.Name)
            .OrderBy(static name => Array.IndexOf(Shop.Effects, name))
            .FirstOrDefault(name => !done.Contains(Call + name));
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
                [new FunctionCallContent(Call + next, next, new Dictionary<string, object?> { ["order"] = "4711" })]);
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
