namespace AgentFunctions.Tools.Asking;

/// <summary>The names of tools that have to do with questions.</summary>
internal static class QuestionToolNames
{
    /// <summary>The tool by which a lead agent answers its sub-agents.</summary>
    public const string Answer = "answer_question";
}
