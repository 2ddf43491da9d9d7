using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Loop;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Gateway;

/// <summary>Keeps the tools of a sub-agent, or of a fork, within what it comes from.</summary>
internal static class ToolNarrowing
{
    /// <summary>Those tools that the lead has too, with the stricter of both words on their effect.</summary>
    public static IReadOnlyList<ToolDeclaration> Of(
        AgentDefinition agent, IReadOnlyList<ToolDeclaration> own, IReadOnlyList<ToolDeclaration> leads)
    {
        var byName = leads.ToDictionary(static tool => tool.Name, StringComparer.Ordinal);
        return
        [
            .. own.Where(tool => byName.ContainsKey(tool.Name) || IsOf(agent.Delegation, tool.Name))
                .Select(tool => byName.TryGetValue(tool.Name, out ToolDeclaration? known)
                    ? tool with { Effect = ToolEffects.Stricter(tool.Effect, known.Effect) }
                    : tool),
        ];
    }

    /// <summary>Whether a tool is one by which agents of a contract delegate: those come with the contract.</summary>
    /// <param name="delegation">The contract.</param>
    /// <param name="tool">The tool.</param>
    internal static bool IsOf(Delegation delegation, string tool) => delegation switch
    {
        Delegation.Native => tool is SwarmToolNames.Spawn or SwarmToolNames.Wait or SwarmToolNames.Results
            or SwarmToolNames.Reduce
            or SwarmToolNames.Message or QuestionToolNames.Answer or SwarmToolNames.Grant or SwarmToolNames.Cancel,
        Delegation.Kimi => tool is SwarmToolNames.CreateSubAgent or SwarmToolNames.AssignTask,
        Delegation.Claude => tool is SwarmToolNames.Task,
        _ => false,
    };
}
