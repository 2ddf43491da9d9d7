using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Models;
using AgentFunctions.Storage;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Asks the context providers of an agent once for what people said, and tells them once what came of it, whatever a crash
/// repeats.
/// </summary>
internal sealed class ContextProviders(IRecordStore records, HostNotices notices)
{
    private static JsonTypeInfo<List<ChatMessage>> MessagesJson =>
        (JsonTypeInfo<List<ChatMessage>>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(List<ChatMessage>));

    /// <summary>Adds what the providers know about the messages that people sent last.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="call">The model call.</param>
    /// <param name="session">The session of the run.</param>
    /// <param name="messages">The messages; what is added stands after the last that a person sent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The instructions that they add; <see langword="null"/> for none.</returns>
    public async Task<string?> AddAsync(
        DurableAgent agent, ModelCallContext call, AgentSession session, List<ChatMessage> messages,
        CancellationToken cancellationToken)
    {
        RecordedContext context = await AskAsync(agent, call, session, messages, cancellationToken).ConfigureAwait(false);
        if (context.Messages is { } added)
        {
            // Whose they are is told by an object that JSON does not bring back.
            messages.InsertRange(
                await LastOfPersonAsync(call.RunId, messages, cancellationToken).ConfigureAwait(false) + 1,
                (JsonSerializer.Deserialize(added, MessagesJson) ?? [])
                    .Select(static message =>
                        message.WithAgentRequestMessageSource(AgentRequestMessageSourceType.AIContextProvider)));
        }

        return context.Instructions;
    }

    /// <summary>Tells the providers, and the history that is mirrored to, what the model answered; at most once.</summary>
    public async Task TellAsync(
        DurableAgent agent, ModelCallContext call, AgentSession session, IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<ChatMessage> answer,
        CancellationToken cancellationToken)
    {
        if (agent.Plan is { Providers.Count: 0, Mirror: null })
        {
            return;
        }

        try
        {
            string key = $"agent-framework/{call.RunId}/told/{call.InboxTo}";
            await records.PutAsync(key, "{}"u8.ToArray(), RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return;
        }

        // What the turn began with, and what came of it: that is what is new for them.
        int from = Math.Max(
            0, await FirstOfLastTurnAsync(call.RunId, messages, cancellationToken).ConfigureAwait(false));
        ChatMessage[] request = [.. messages.Skip(from).TakeWhile(static message => message.Role == ChatRole.User)];
        ChatMessage[] response = [.. messages.Skip(from + request.Length), .. answer];
        var told = new AIContextProvider.InvokedContext(agent.Plan.Inner, session, request, response);
        foreach (AIContextProvider provider in agent.Plan.Providers)
        {
            await provider.InvokedAsync(told, cancellationToken).ConfigureAwait(false);
        }

        if (agent.Plan.Mirror is { } mirror)
        {
            var mirrored = new ChatHistoryProvider.InvokedContext(agent.Plan.Inner, session, request, response);
            await mirror.InvokedAsync(mirrored, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RecordedContext> AskAsync(
        DurableAgent agent, ModelCallContext call, AgentSession session, List<ChatMessage> messages,
        CancellationToken cancellationToken)
    {
        string key = $"agent-framework/{call.RunId}/context/{call.InboxTo}";
        if (await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return JsonSerializer.Deserialize(known.Value.Span, AgentFrameworkJsonContext.Default.RecordedContext)!;
        }

        int from = await FirstOfLastTurnAsync(call.RunId, messages, cancellationToken).ConfigureAwait(false);
        List<ChatMessage> input =
        [
            .. messages.Take(Math.Max(0, from))
                .Select(static message => message.WithAgentRequestMessageSource(AgentRequestMessageSourceType.ChatHistory)),
            .. messages.Skip(Math.Max(0, from)),
        ];
        string own = agent.Plan.Inner.Instructions ?? "";
        var context = new AIContext { Instructions = own, Messages = input };
        foreach (AIContextProvider provider in agent.Plan.Providers)
        {
            var asking = new AIContextProvider.InvokingContext(agent.Plan.Inner, session, context);
            context = await provider.InvokingAsync(asking, cancellationToken).ConfigureAwait(false);
        }

        var given = new HashSet<ChatMessage>(input, ReferenceEqualityComparer.Instance);
        List<ChatMessage> added = [.. (context.Messages ?? []).Where(message => !given.Contains(message))];
        var found = new RecordedContext
        {
            Instructions = Added(own, context.Instructions),
            Messages = added.Count == 0 ? null : JsonSerializer.SerializeToElement(added, MessagesJson),
        };
        try
        {
            await records.PutAsync(
                key, JsonSerializer.SerializeToUtf8Bytes(found, AgentFrameworkJsonContext.Default.RecordedContext),
                RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
            return found;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return await AskAsync(agent, call, session, messages, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What was added to instructions.</summary>
    internal static string? Added(string own, string? all)
    {
        string? added = all is not null && all.StartsWith(own, StringComparison.Ordinal) ? all[own.Length..].Trim() : all;
        return string.IsNullOrWhiteSpace(added) ? null : added;
    }

    /// <summary>Where the messages of people begin that the last turn of the conversation is about.</summary>
    private async Task<int> FirstOfLastTurnAsync(
        string runId, IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken)
    {
        int last = await LastOfPersonAsync(runId, messages, cancellationToken).ConfigureAwait(false);
        while (last > 0 && messages[last - 1].Role == ChatRole.User)
        {
            last--;
        }

        return last;
    }

    private async Task<int> LastOfPersonAsync(
        string runId, IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken)
    {
        int at = messages.Count - 1;
        while (at > 0 && (messages[at].Role != ChatRole.User
            || await notices.HasAsync(runId, messages[at], cancellationToken).ConfigureAwait(false)))
        {
            at--;
        }

        return at;
    }
}
