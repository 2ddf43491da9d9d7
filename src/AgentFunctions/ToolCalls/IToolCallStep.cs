namespace AgentFunctions.ToolCalls;

/// <summary>Continues with the steps that follow.</summary>
/// <param name="state">What is known of the call.</param>
/// <param name="cancellationToken">The token to stop the call.</param>
internal delegate Task<CallOutcome> ToolCallHandler(ToolCallState state, CancellationToken cancellationToken);

/// <summary>
/// Represents one concern of a tool call: it acts before the steps that follow, after them, or instead of them.
/// </summary>
internal interface IToolCallStep
{
    /// <summary>Takes a call through this step.</summary>
    /// <param name="state">
    /// What is known of the call. The step reads what the steps before it found, and adds what it finds.
    /// </param>
    /// <param name="next">The steps that follow. A step that does not call it ends the pass.</param>
    /// <param name="cancellationToken">The token to stop the call.</param>
    /// <exception cref="AgentException">
    /// A store failed, or another delivery is at the call. The pass is repeated as a whole.
    /// </exception>
    Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken);
}
