namespace AgentFunctions.Agents;

/// <summary>Specifies how the model of an agent is addressed.</summary>
public enum PromptFraming
{
    /// <summary>As one that is to reach a goal: it is told the rules of the host, and the goal stands under a heading.</summary>
    Goal,

    /// <summary>
    /// As one side of a conversation: its instructions and the messages stand as they are. It is told of nothing but the marks
    /// around what tools return.
    /// </summary>
    Chat,
}
