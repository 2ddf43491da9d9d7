using AgentFunctions.Records;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Calls a function of an agent as a tool step: with its middleware, and where the agent's code finds agent, session and call.
/// </summary>
internal sealed class DurableFunction(DurableAgent agent, AIFunction function, AgentSessions sessions)
    : DelegatingAIFunction(function)
{
    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(
        AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var call = (ToolContext)arguments.Context![typeof(ToolContext)]!;
        LoadedSession loaded = await sessions.LoadAsync(agent, call.RunId, cancellationToken).ConfigureAwait(false);
        ProbedTools tools = agent.IsOfProvider(Name)
            ? await AgentProbe.RunAsync(agent.Plan, loaded.Session, cancellationToken).ConfigureAwait(false)
            : await agent.ProbeAsync(cancellationToken).ConfigureAwait(false);
        AIFunction target = tools.Functions.FirstOrDefault(one => one.Name == Name)
            ?? throw new AgentException(ErrorCode.ToolNotFound, $"{Name}: the agent no longer has this tool.");
        (IList<ChatMessage> messages, FunctionCallContent asked) = await ConversationAsync(call, arguments, cancellationToken)
            .ConfigureAwait(false);
        var context = new FunctionInvocationContext
        {
            Function = target,
            Arguments = arguments,
            CallContent = asked,
            Messages = messages,
            Options = tools.Options,
            Iteration = call.Turn - 1,
            FunctionCallIndex = call.Call,
        };
        RunScope.Enter(agent.Plan.Agent, loaded.Session, [.. messages]);
        object? result = await FunctionScope.CallAsync(context, cancellationToken).ConfigureAwait(false);
        if (context.Terminate)
        {
            call.EndTurn();
        }

        await sessions.SaveAsync(agent, loaded, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>What middleware is shown of the conversation; nothing where there is none.</summary>
    private async Task<(IList<ChatMessage> Messages, FunctionCallContent Asked)> ConversationAsync(
        ToolContext call, AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var asked = new FunctionCallContent(call.IdempotencyKey, Name, new Dictionary<string, object?>(arguments));
        var messages = new List<ChatMessage>();
        if (!agent.Plan.HasFunctionMiddleware)
        {
            return (messages, asked);
        }

        await foreach (TranscriptEntry entry in call.Services.GetRequiredService<Transcript>()
            .ReadAsync(call.RunId, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            messages.Add(entry.Message);
            if (entry.Turn == call.Turn && entry.Message.Role == ChatRole.Assistant)
            {
                asked = entry.Message.Contents.OfType<FunctionCallContent>().ElementAtOrDefault(call.Call) ?? asked;
            }
        }

        return (messages, asked);
    }
}
