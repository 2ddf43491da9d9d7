using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Stands in for the model of an opaque agent: asks for a turn for what was said last, for the calls that the agent wants to have
/// approved, and says what came of it. It costs nothing.
/// </summary>
internal sealed class TurnDriver(OpaquePlan plan, OpaqueTurns turns, HostNotices notices) : IChatClient
{
    private const string Calls = "calls";

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        FunctionCallContent? call = options?.Tools is { Count: > 0 }
            ? await NextAsync(all, cancellationToken).ConfigureAwait(false)
            : null;
        return new ChatResponse(call is null
            ? new ChatMessage(ChatRole.Assistant, ResultOf(all))
            : new ChatMessage(ChatRole.Assistant, [call]))
        {
            FinishReason = call is null ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
        };
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

    /// <summary>Gets the calls that an agent asks an approval for, as a person is shown them.</summary>
    internal static JsonElement CallsOf(IEnumerable<ToolApprovalRequestContent> asks) => JsonSerializer.SerializeToElement(
        [.. asks.Select(static ask => new AskedCall(
            ask.RequestId, OpaqueTurns.NameOf(ask),
            JsonSerializer.SerializeToElement(
                (ask.ToolCall as FunctionCallContent)?.Arguments ?? new Dictionary<string, object?>(),
                AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)))))],
        AgentFrameworkJsonContext.Default.ListAskedCall);

    private async Task<FunctionCallContent?> NextAsync(ChatMessage[] all, CancellationToken cancellationToken)
    {
        IReadOnlyList<ToolApprovalRequestContent> asks = ModelCallContext.Current is { } current
            ? await turns.AsksAsync(current.RunId, cancellationToken).ConfigureAwait(false)
            : [];
        if (asks.Count > 0)
        {
            JsonElement calls = CallsOf(asks);
            // Whoever was asked about the very same calls has rejected them.
            return LastCallOf(all) is { Name: var last, Arguments: { } arguments } && last == plan.ApprovedTool
                && arguments.TryGetValue(Calls, out object? asked) && JsonElement.DeepEquals(ElementOf(asked), calls)
                ? new FunctionCallContent($"rejected-{all.Length}", plan.RejectedTool, new Dictionary<string, object?>())
                : new FunctionCallContent($"approved-{all.Length}", plan.ApprovedTool,
                    new Dictionary<string, object?> { [Calls] = calls });
        }

        var said = new List<string>();
        foreach (ChatMessage message in Unsaid(all))
        {
            if (ModelCallContext.Current is not { } call
                || !await notices.HasAsync(call.RunId, message, cancellationToken).ConfigureAwait(false))
            {
                said.Add(message.Text);
            }
        }

        string text = string.Join("\n\n", said);
        return text.Length == 0
            ? null
            : new FunctionCallContent($"turn-{all.Length}", plan.Tool, new Dictionary<string, object?> { ["message"] = text });
    }

    /// <summary>Gets what people said since the last turn for a message.</summary>
    private IEnumerable<ChatMessage> Unsaid(ChatMessage[] all)
    {
        if (all.Length > 0 && all[^1].Role == ChatRole.User)
        {
            return all.Reverse().TakeWhile(static message => message.Role == ChatRole.User).Reverse();
        }

        // They may have said something while a person was asked.
        int turn = Array.FindLastIndex(all,
            message => message.Contents.OfType<FunctionCallContent>().Any(call => call.Name == plan.Tool));
        return LastCallOf(all)?.Name == plan.Tool || turn < 0
            ? []
            : all.Skip(turn).Where(static message => message.Role == ChatRole.User);
    }

    private static FunctionCallContent? LastCallOf(ChatMessage[] all) =>
        all.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().LastOrDefault();

    private static JsonElement ElementOf(object? value) => value is JsonElement json
        ? json
        : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));

    private static string ResultOf(ChatMessage[] messages) =>
        messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().LastOrDefault() is { } last
            && last.Result?.ToString() is { } result
            ? UntrustedText.Unmark(result)
            : "The agent was not asked: the run has no turn left.";
}

/// <summary>A call that an opaque agent asks an approval for.</summary>
/// <param name="Request">The id of the request.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments.</param>
internal sealed record AskedCall(string Request, string Tool, JsonElement Arguments);
