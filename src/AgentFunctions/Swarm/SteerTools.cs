using System.ComponentModel;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>What a lead can do to a sub-agent at work.</summary>
internal static class SteerTools
{
    private const int MaxText = 32_768;

    public static async Task<string> MessageAsync(
        ToolContext context,
        [Description("The sub-agent's name.")] string sub_agent,
        [Description("What to say.")] string text,
        CancellationToken cancellationToken)
    {
        SwarmArguments.RequireText(text, nameof(text), MaxText);
        SubAgent child = await AtWorkAsync(context, sub_agent, cancellationToken).ConfigureAwait(false);
        await context.Services.GetRequiredService<RunSteering>().SendAsync(child.RunId, text, By(context), cancellationToken)
            .ConfigureAwait(false);
        return $"Told {sub_agent}.";
    }

    public static async Task<string> GrantAsync(
        ToolContext context,
        [Description("The sub-agent's name.")] string sub_agent,
        [Description("How much more it may spend.")] SpawnBudget budget,
        CancellationToken cancellationToken)
    {
        SwarmCall call = SwarmArguments.Require(context);
        Budget more = budget.ToBudget();
        more.Validate(nameof(budget));
        if (more.IsUnlimited)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "budget: name steps, tokens or usd.");
        }

        if (more.LimitedBy(call.Allowance.Left).Beyond(call.Allowance.Left) is not null)
        {
            throw new AgentException(ErrorCode.SwarmBoundReached,
                $"budget: more than can be given away, which is {SwarmArguments.Words(call.Allowance.Left)}. Grant less.");
        }

        await AtWorkAsync(context, sub_agent, cancellationToken).ConfigureAwait(false);
        call.Request = new SwarmRequest { Grant = new ChildGrant(sub_agent, more) };
        return $"{sub_agent} may spend {SwarmArguments.Words(more)} more, as far as that is limited at all.";
    }

    public static async Task<string> CancelAsync(
        ToolContext context,
        [Description("The sub-agent's name.")] string sub_agent,
        [Description("Why.")] string? reason = null,
        CancellationToken cancellationToken = default)
    {
        SubAgent child = await context.Services.GetRequiredService<SubAgents>()
            .GetAsync(context.RunId, sub_agent, cancellationToken).ConfigureAwait(false);
        if (child.IsEnded)
        {
            return $"{sub_agent} has ended as {child.StatusName}.";
        }

        await AtWorkAsync(context, sub_agent, cancellationToken).ConfigureAwait(false);
        await context.Services.GetRequiredService<RunSteering>().CancelAsync(child.RunId, By(context), reason, cancellationToken)
            .ConfigureAwait(false);
        return $"{sub_agent} is told to end.";
    }

    private static async Task<SubAgent> AtWorkAsync(ToolContext context, string name, CancellationToken cancellationToken)
    {
        SubAgent child = await context.Services.GetRequiredService<SubAgents>().GetAsync(context.RunId, name, cancellationToken)
            .ConfigureAwait(false);
        return child switch
        {
            { Run: null } => throw new AgentException(ErrorCode.RunStateForbids, $"{name} still waits for its turn."),
            { IsEnded: true } => throw new AgentException(ErrorCode.RunStateForbids,
                $"{name} has ended as {child.StatusName}; start another one."),
            _ => child,
        };
    }

    private static string By(ToolContext context) => $"run:{context.RunId}";
}
