namespace AgentFunctions.Agents;

/// <summary>Represents an agent file that cannot be used. The others are not affected.</summary>
/// <param name="Name">What the agent would be called, as far as that can be told.</param>
/// <param name="Reason">What is wrong and where.</param>
public sealed record LeftOutAgent(string Name, AgentFileNote Reason);
