using System.Runtime.CompilerServices;
using AgentFunctions.Models;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Calls the model of an agent once for a step of a run: through the agent's own pipeline, which finds declarations in place of
/// functions and so hands the calls out.
/// </summary>
internal sealed class StepChatClient(DurableAgent agent, AgentSessions sessions, ContextProviders providers) : IChatClient
{
    private AgentPlan Plan => agent.Plan;

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Step step = await BeginAsync(messages, options, cancellationToken).ConfigureAwait(false);
        RunScope.Enter(Plan.Agent, step.Loaded.Session, step.Messages);
        ChatResponse response = step.IsThrough
            ? (await Plan.Agent.RunAsync(step.Messages, step.Loaded.Session, step.RunOptions, cancellationToken)
                .ConfigureAwait(false)).AsChatResponse()
            : await Plan.Inner.ChatClient.GetResponseAsync(step.Messages, step.Options, cancellationToken).ConfigureAwait(false);
        ChatMessage[] said = [.. response.Messages.TakeWhile(static message => message.Role != ChatRole.Tool)];
        response.Messages = said.Length > 0 ? said : response.Messages;
        await EndAsync(step, [.. response.Messages], cancellationToken).ConfigureAwait(false);
        return response;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Step step = await BeginAsync(messages, options, cancellationToken).ConfigureAwait(false);
        var updates = new List<ChatResponseUpdate>();
        RunScope.Enter(Plan.Agent, step.Loaded.Session, step.Messages);
        IAsyncEnumerable<ChatResponseUpdate> stream = step.IsThrough
            ? Plan.Agent.RunStreamingAsync(step.Messages, step.Loaded.Session, step.RunOptions, cancellationToken)
                .AsChatResponseUpdatesAsync()
            : Plan.Inner.ChatClient.GetStreamingResponseAsync(step.Messages, step.Options, cancellationToken);
        IAsyncEnumerator<ChatResponseUpdate> each = stream.GetAsyncEnumerator(cancellationToken);
        await using ConfiguredAsyncDisposable ended = each.ConfigureAwait(false);
        while (true)
        {
            // What is ambient does not outlive a yield.
            RunScope.Enter(Plan.Agent, step.Loaded.Session, step.Messages);
            if (!await each.MoveNextAsync().ConfigureAwait(false) || each.Current.Role == ChatRole.Tool)
            {
                // A result can only be that of a call of no known tool, after which the pipeline would ask again: the run does.
                break;
            }

            updates.Add(each.Current);
            yield return each.Current;
        }

        await EndAsync(step, [.. updates.ToChatResponse().Messages], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this)
            ? this
            : Plan.Inner.ChatClient.GetService(serviceType, serviceKey);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The client is the team's.
    }

    private async Task<Step> BeginAsync(IEnumerable<ChatMessage> all, ChatOptions? asked, CancellationToken cancellationToken)
    {
        ModelCallContext? call = ModelCallContext.Current;
        if (call?.Turn is not { } turn)
        {
            // A summary or a verdict: the model alone is wanted, not the agent.
            var plain = new LoadedSession(
                "", await Plan.Inner.CreateSessionAsync(cancellationToken).ConfigureAwait(false), null, null);
            ChatOptions options = asked?.Clone() ?? new ChatOptions();
            options.ModelId = Plan.Options.ChatOptions?.ModelId;
            options.AdditionalProperties = NoHistory.In(options.AdditionalProperties);
            return new Step(plain, [.. all], options, null, null);
        }

        LoadedSession loaded = await sessions.LoadAsync(agent, call.RunId, cancellationToken).ConfigureAwait(false);
        List<ChatMessage> messages = [.. all];
        string? instructions = null;
        if (messages.Count > 0 && messages[0].Role == ChatRole.System)
        {
            instructions = messages[0].Text;
            messages.RemoveAt(0);
        }

        if (Plan.ThroughDecorators)
        {
            string own = Plan.Inner.Instructions ?? "";
            string? told = instructions;
            ChatOptions Change(ChatOptions? sent)
            {
                string? all = Join(told, ContextProviders.Added(own, sent?.Instructions));
                ChatOptions changed = StepOptions.Of(Plan, sent, asked, all, turn == 1);
                // The decorators were given it, and may have taken it away to do themselves what it says.
                changed.ResponseFormat = sent?.ResponseFormat;
                return changed;
            }

            var options = new ChatClientAgentRunOptions(new ChatOptions { AdditionalProperties = NoHistory.Only() })
            {
                ChatClientFactory = inner => new ChangingClient(inner, Change),
                ResponseFormat = StepOptions.FormatOf(Plan.Options.ChatOptions?.ResponseFormat, asked?.ResponseFormat),
            };
            return new Step(loaded, messages, null, options, call);
        }

        if (Plan.Providers.Count > 0)
        {
            RunScope.Enter(Plan.Agent, loaded.Session, messages);
            string? added = await providers.AddAsync(agent, call, loaded.Session, messages, cancellationToken)
                .ConfigureAwait(false);
            instructions = Join(instructions, added);
        }

        ChatOptions direct = StepOptions.Of(Plan, Plan.Options.ChatOptions, asked, instructions, turn == 1);
        return new Step(loaded, messages, direct, null, call);
    }

    private async Task EndAsync(Step step, IReadOnlyList<ChatMessage> answer, CancellationToken cancellationToken)
    {
        if (step.Call is not { } call)
        {
            return;
        }

        if (!answer.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().Any())
        {
            RunScope.Enter(Plan.Agent, step.Loaded.Session, step.Messages);
            await providers.TellAsync(agent, call, step.Loaded.Session, step.Messages, answer, cancellationToken)
                .ConfigureAwait(false);
        }

        await sessions.SaveAsync(agent, step.Loaded, cancellationToken).ConfigureAwait(false);
    }

    private static string? Join(string? one, string? two) => two is null ? one : one is null ? two : $"{one}\n{two}";

    /// <summary>One call.</summary>
    /// <param name="Loaded">The session of the run.</param>
    /// <param name="Messages">What the model is shown.</param>
    /// <param name="Options">How the client is called, if it is called directly.</param>
    /// <param name="RunOptions">How the agent is called, if it is called through its decorators.</param>
    /// <param name="Call">The step; <see langword="null"/> for one that is not the agent's.</param>
    private sealed record Step(
        LoadedSession Loaded, List<ChatMessage> Messages, ChatOptions? Options, ChatClientAgentRunOptions? RunOptions,
        ModelCallContext? Call)
    {
        public bool IsThrough => RunOptions is not null;
    }

    private sealed class ChangingClient(IChatClient inner, Func<ChatOptions?, ChatOptions> change) : DelegatingChatClient(inner)
    {
        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            base.GetResponseAsync(messages, change(options), cancellationToken);

        public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            base.GetStreamingResponseAsync(messages, change(options), cancellationToken);
    }
}
