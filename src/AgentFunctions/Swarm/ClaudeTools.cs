using System.ComponentModel;
using AgentFunctions.Agents;
using AgentFunctions.Loop;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>
/// Claude Code's contract: one tool over the agents of this host, each with tools and a model of its own. Source:
/// https://code.claude.com/docs/en/sub-agents.
/// </summary>
internal static class ClaudeTools
{
    public static IReadOnlyList<AgentTool> Create() =>
    [
        new(
            AgentTool.CreateFunction(
                SwarmToolNames.Task,
                "Launch a new agent to handle a task of several steps by itself. Launch several agents concurrently whenever possible, by several "
                + "calls in one message. The agent sees nothing of this conversation: its prompt must say all that it needs and what exactly it shall "
                + "return. When it is done, it returns a single message to you.",
                TaskAsync),
            ToolEffect.Idempotent)
        {
            IsDelegation = true,
            Reach = ToolReach.Runtime,
        },
    ];

    private static async Task<string> TaskAsync(
        ToolContext context,
        [Description("A short (3-5 word) description of the task.")] string description,
        [Description("The task for the agent to perform.")] string prompt,
        [Description("The type of specialized agent to use for this task; a wrong one is answered with those that there are.")] string subagent_type,
        CancellationToken cancellationToken)
    {
        SwarmArguments.RequireText(description, nameof(description), 1_000);
        AgentDefinition agent = SwarmArguments.Find(context.Services.GetRequiredService<AgentCatalog>(), subagent_type,
            nameof(subagent_type));
        await context.Services.GetRequiredService<ChildAdmission>().AdmitAsync(
            context, _ => new ChildOrder(agent, 1) { GoalOf = _ => prompt, IsAnswer = true, As = description }, cancellationToken)
            .ConfigureAwait(false);
        return "";
    }
}
