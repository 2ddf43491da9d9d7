using AgentFunctions.Agents;

namespace AgentFunctions.Cli.Hosting;

/// <summary>The agents that serve where the user has none.</summary>
internal static class BuiltInAgents
{
    public static AgentDefinition Lead { get; } = Agent.Create("lead")
        .WithDescription("A generalist that works on the files of its workspace.")
        .WithInstructions(
            """
            You reach the goal that you are given by working on the files of your workspace with your tools.
            Look before you act: list and read what is there, and never state what you have not seen.
            Make several tool calls at once where they do not depend on each other.
            Where a tool fails, read its message and try another way.
            When the goal is reached, answer in a few sentences: what you did, where it is, and what is left open.
            """);
}
