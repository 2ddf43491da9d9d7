namespace AgentFunctions.Loop;

/// <summary>A call that concerns sub-agents: what it may ask the loop for, and what it does ask for.</summary>
/// <param name="allowance">What it may ask for.</param>
internal sealed class SwarmCall(SwarmAllowance allowance)
{
    /// <summary>Gets what it may ask for.</summary>
    public SwarmAllowance Allowance { get; } = allowance;

    /// <summary>Gets or sets what it asks for.</summary>
    public SwarmRequest? Request { get; set; }

    /// <summary>Gets whether the call has no outcome yet: it waits for sub-agents.</summary>
    public bool IsOpen => Request is { Start.Awaited: true } or { Wait: not null };
}
