using System.Runtime.CompilerServices;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Finds out what an agent would send to its model: the agent runs up to there, and no further.</summary>
internal static class AgentProbe
{
    /// <summary>Probes an agent. No model is called, and the session has no message more.</summary>
    /// <param name="plan">The agent.</param>
    /// <param name="session">The session that the agent's providers see.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: something around the agent keeps the probe from its end.
    /// </exception>
    public static async Task<ProbedTools> RunAsync(AgentPlan plan, AgentSession session, CancellationToken cancellationToken)
    {
        ProbeClient? probe = null;
        var options = new ChatClientAgentRunOptions(new ChatOptions { AdditionalProperties = NoHistory.Only() })
        {
            ChatClientFactory = inner => probe = new ProbeClient(inner),
        };
        try
        {
            await plan.Agent.RunAsync([], session, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is ProbeEndException || (probe?.Seen is not null && !cancellationToken.IsCancellationRequested))
        {
            // The probe ends so; middleware may have wrapped its exception.
        }

        return probe?.Seen is { } seen
            ? new ProbedTools([.. seen.Tools?.OfType<AIFunction>() ?? []], seen)
            : throw AgentPlanner.Refuse(
                plan.Name,
                "its middleware answers without asking the model, so its tools cannot be found; name them with Tools(…).");
    }

    private sealed class ProbeClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        public ChatOptions? Seen { get; private set; }

        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Seen = options ?? new ChatOptions();
            throw new ProbeEndException();
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
            yield break;
        }
    }

    private sealed class ProbeEndException() : Exception("The tools of the agent were looked at; no model was called.");
}
