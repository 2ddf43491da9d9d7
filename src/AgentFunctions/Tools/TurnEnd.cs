namespace AgentFunctions.Tools;

/// <summary>Marks a call after which the model is not asked again; see <see cref="ToolContext.EndTurn"/>.</summary>
internal sealed class TurnEnd;
