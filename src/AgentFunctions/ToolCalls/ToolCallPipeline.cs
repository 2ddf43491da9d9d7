namespace AgentFunctions.ToolCalls;

/// <summary>Takes tool calls through steps, the first outermost.</summary>
internal sealed class ToolCallPipeline
{
    /// <summary>The key of the pipeline for calls that a model asks for.</summary>
    public const string OfModel = "model";

    /// <summary>The key of the pipeline for acceptance commands.</summary>
    public const string OfAcceptance = "acceptance";

    /// <summary>The key of the pipeline for the looks of monitors.</summary>
    public const string OfSignal = "signal";

    private readonly ToolCallHandler _first;

    /// <param name="steps">The steps, in order. The last one must not continue.</param>
    public ToolCallPipeline(IReadOnlyList<IToolCallStep> steps)
    {
        ToolCallHandler handler =
            static (_, _) => throw new InvalidOperationException("The last step of a pipeline makes the call.");
        foreach (IToolCallStep step in steps.Reverse())
        {
            ToolCallHandler next = handler;
            handler = (state, cancellationToken) => step.RunAsync(state, next, cancellationToken);
        }

        _first = handler;
    }

    /// <summary>Takes a call through the steps.</summary>
    /// <param name="state">What is known of the call.</param>
    /// <param name="cancellationToken">The token to stop the call.</param>
    /// <exception cref="AgentException">
    /// A store failed, or another delivery is at the call. The pass is repeated as a whole.
    /// </exception>
    public Task<CallOutcome> RunAsync(ToolCallState state, CancellationToken cancellationToken) =>
        _first(state, cancellationToken);
}
