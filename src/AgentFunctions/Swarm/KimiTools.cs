using System.ComponentModel;
using AgentFunctions.Agents;
using AgentFunctions.Loop;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>
/// The contract that Kimi's models were trained on: sub-agents are made at run time, several assignments of one turn run in
/// parallel, and each returns one message. Source: the model card of Kimi K2.5, https://huggingface.co/moonshotai/Kimi-K2.5.
/// </summary>
internal static class KimiTools
{
    private const int MaxName = 64;
    private const int MaxPrompt = 32 * 1024;

    public static IReadOnlyList<AgentTool> Create() =>
    [
        new(
            AgentTool.CreateFunction(
                SwarmToolNames.CreateSubAgent,
                "Create a custom subagent with a specific system prompt and name for reuse. It has your tools, but cannot delegate further.",
                CreateSubAgentAsync),
            ToolEffect.Idempotent)
        {
            IsDelegation = true,
            Reach = ToolReach.Runtime,
        },
        new(
            AgentTool.CreateFunction(
                SwarmToolNames.AssignTask,
                "Launch a new agent. Usage notes: 1. You can launch multiple agents concurrently whenever possible, to maximize performance. "
                + "2. When the agent is done, it will return a single message back to you.",
                AssignTaskAsync),
            ToolEffect.Idempotent)
        {
            IsDelegation = true,
            Reach = ToolReach.Runtime,
        },
    ];

    private static async Task<string> CreateSubAgentAsync(
        ToolContext context,
        [Description("Unique name for this agent configuration.")] string name,
        [Description("System prompt defining the agent's role, capabilities, and boundaries.")] string system_prompt,
        CancellationToken cancellationToken)
    {
        SwarmArguments.RequireText(name, nameof(name), MaxName);
        SwarmArguments.RequireText(system_prompt, nameof(system_prompt), MaxPrompt);
        await context.Services.GetRequiredService<SubAgentStore>().PutAsync(context.RunId, name, system_prompt, cancellationToken)
            .ConfigureAwait(false);
        return $"Created the sub-agent '{name}'. Give it work with {SwarmToolNames.AssignTask}.";
    }

    private static async Task<string> AssignTaskAsync(
        ToolContext context,
        [Description("Specify which created agent to use.")] string agent,
        [Description("The task for the agent to perform.")] string prompt,
        CancellationToken cancellationToken)
    {
        string instructions = await context.Services.GetRequiredService<SubAgentStore>()
            .GetAsync(context.RunId, agent, cancellationToken).ConfigureAwait(false);
        await context.Services.GetRequiredService<ChildAdmission>().AdmitAsync(
            context,
            lead => new ChildOrder(lead with { Instructions = instructions, Delegation = Delegation.None, OutputSchema = null },
                1)
            {
                GoalOf = _ => prompt,
                IsAnswer = true,
                As = agent,
            },
            cancellationToken).ConfigureAwait(false);
        return "";
    }
}
