using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Stands in for the model of an opaque agent: asks for a turn for what was said last, for the calls that the agent wants to have
/// approved, and says what came of it. It costs nothing.
/// </summary>
internal sealed class TurnDriver(OpaquePlan plan, OpaqueTurns turns, HostNotices notices, Journal journal) : IChatClient
{

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
        if (ModelCallContext.Current is { } current
            && await turns.AsksAsync(current.RunId, cancellationToken).ConfigureAwait(false) is { Count: > 0 } asks)
        {
            return AnswerTo(asks, await LastOutcomeAsync(current.RunId, cancellationToken).ConfigureAwait(false), all);
        }

        var said = new List<string>();
        foreach (ChatMessage message in Unsaid(all))
        {
            if (ModelCallContext.Current is not { } call
                || !await notices.HasAsync(call.RunId, message, cancellationToken).ConfigureAwait(false))
            {
                said.Add(WordsOf(message));
            }
        }

        string text = string.Join("\n\n", said);
        return text.Length == 0
            ? null
            : new FunctionCallContent($"turn-{all.Length}", plan.Tool, new Dictionary<string, object?> { ["message"] = text });
    }

    /// <summary>
    /// Gets the call for the approvals that are open, by what came of the last call: a refusal is told to the agent. After a turn
    /// that failed, or whose outcome is unknown, nothing is told or asked again before the next message.
    /// </summary>
    private FunctionCallContent? AnswerTo(
        IReadOnlyList<ToolApprovalRequestContent> asks, JournalEvent? outcome, ChatMessage[] all)
    {
        bool isApproval = outcome?.Tool == plan.ApprovedTool;
        bool hasFailed = outcome is { IsError: true } && (isApproval || outcome.Tool == plan.RejectedTool);
        bool isRefused = isApproval && outcome?.Code
            is nameof(ErrorCode.ApprovalDenied) or nameof(ErrorCode.ApprovalExpired) or nameof(ErrorCode.PolicyDenied);
        bool isTold = all.LastOrDefault(static message => message.Role == ChatRole.Assistant)?.Contents
            .OfType<FunctionCallContent>().Any() != true;
        if (hasFailed && !isRefused && !isTold && outcome?.Code != nameof(ErrorCode.ToolArgumentsInvalid))
        {
            return null;
        }

        return isRefused || (hasFailed && !isApproval)
            ? new FunctionCallContent($"rejected-{all.Length}", plan.RejectedTool, new Dictionary<string, object?>())
            : new FunctionCallContent($"approved-{all.Length}", plan.ApprovedTool,
                new Dictionary<string, object?> { ["calls"] = CallsOf(asks) });
    }

    private async Task<JournalEvent?> LastOutcomeAsync(string runId, CancellationToken cancellationToken) =>
        (await journal.ReadAsync(runId, cancellationToken: cancellationToken)
            .Where(entry => entry.Event is { Type: JournalEventTypes.ToolCompleted } ended
                && (ended.Tool == plan.Tool || ended.Tool == plan.ApprovedTool || ended.Tool == plan.RejectedTool))
            .LastOrDefaultAsync(cancellationToken).ConfigureAwait(false)).Event;

    /// <summary>
    /// Gets what people said since the last turn for a message; they may have said something while a person was asked.
    /// </summary>
    private IEnumerable<ChatMessage> Unsaid(ChatMessage[] all)
    {
        int turn = Array.FindLastIndex(all,
            message => message.Contents.OfType<FunctionCallContent>().Any(call => call.Name == plan.Tool));
        return turn < 0
            ? all.Reverse().TakeWhile(static message => message.Role == ChatRole.User).Reverse()
            : all.Skip(turn).Where(static message => message.Role == ChatRole.User);
    }

    /// <summary>Gets the words of a message, and what of it a turn, which is words alone, does not give the agent.</summary>
    private static string WordsOf(ChatMessage message)
    {
        string[] left = [.. message.Contents.Select(static content =>
            content is DataContent data ? data.MediaType : (content as UriContent)?.MediaType).OfType<string>()];
        return left.Length == 0
            ? message.Text
            : $"{message.Text}\n[The message has data that you are not given: {string.Join(", ", left)}.]".Trim();
    }

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
