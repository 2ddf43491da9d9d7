namespace AgentFunctions.Core;

/// <summary>The name of the tool that runs programs: agent files and their restrictions know it.</summary>
internal static class CommandToolName
{
    public const string Value = "run_command";
}
