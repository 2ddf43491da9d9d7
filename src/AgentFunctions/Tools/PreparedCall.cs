namespace AgentFunctions.Tools;

/// <summary>A call of a run's tool, held against what the tool is at present.</summary>
/// <param name="Call">The call to make; <see langword="null"/> when it is no good.</param>
/// <param name="Refusal">When it is no good: what to tell the model.</param>
/// <param name="Notice">What the model must know about the tool, said with the result.</param>
internal sealed record PreparedCall(ToolCall? Call, ToolOutcome? Refusal, string? Notice = null)
{
    internal ToolOutcome WithNotice(ToolOutcome outcome) => Notice is null
        ? outcome
        : outcome with { Text = $"[{Notice}]\n\n{outcome.Text}" };
}
