using AgentFunctions.Loop;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Swarm;

/// <summary>
/// The contract for any model: start sub-agents over a list, go on meanwhile, and collect later. A lead that cannot read all
/// results at once pages them, or has them reduced.
/// </summary>
internal static class NativeTools
{
    public static IReadOnlyList<AgentTool> Create() =>
    [
        Tool(
            SwarmToolNames.Spawn,
            "Starts one sub-agent for each item, all at once, and returns their names without waiting. Each sees nothing of this conversation: the "
            + "template must say all that it needs and what exactly it shall answer. Collect the answers with wait and results, or reduce.",
            ToolEffect.Idempotent, SpawnTool.SpawnAsync),
        Tool(
            SwarmToolNames.Wait,
            "Waits for sub-agents. Returns when they have ended, when the time is over, or when somebody says something to you, with an overview.",
            ToolEffect.None, WaitTool.WaitAsync),
        Tool(
            SwarmToolNames.Results,
            "Reads the answers of sub-agents that have ended, page by page. Fewer per page are shown at greater length.",
            ToolEffect.None, ResultsTool.ReadAsync),
        Tool(
            SwarmToolNames.Reduce,
            "Has the answers of sub-agents that have ended merged into one by further sub-agents, group by group, and returns the one. For more "
            + "answers than you can read.",
            ToolEffect.Idempotent, ReduceTool.ReduceAsync),
        Tool(
            SwarmToolNames.Message, "Says something to a sub-agent at work; it hears it before its next step.",
            ToolEffect.NotIdempotent, SteerTools.MessageAsync),
        Tool(
            QuestionToolNames.Answer, "Answers a question that a sub-agent asks you.",
            ToolEffect.Idempotent, AnswerTool.AnswerAsync),
        Tool(
            SwarmToolNames.Grant, "Lets a sub-agent at work spend more of what is left to you.",
            ToolEffect.Idempotent, SteerTools.GrantAsync),
        Tool(
            SwarmToolNames.Cancel, "Ends a sub-agent at work.",
            ToolEffect.Idempotent, SteerTools.CancelAsync),
    ];

    private static AgentTool Tool(string name, string description, ToolEffect effect, Delegate method) =>
        new(AgentTool.CreateFunction(name, description, method), effect) { IsDelegation = true, Reach = ToolReach.Runtime };
}
