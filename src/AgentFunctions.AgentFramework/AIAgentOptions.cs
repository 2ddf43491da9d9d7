namespace AgentFunctions.AgentFramework;

/// <summary>Represents how agents of the host are offered to code of Agent Framework.</summary>
public sealed class AIAgentOptions
{
    /// <summary>Gets or sets the caller on whose behalf runs are submitted and calls approved; the program itself by default.</summary>
    public Caller Caller { get; set; } = Caller.Local;

    /// <summary>
    /// Gets or sets whether a caller that gives up waiting cancels the run; false by default: the run goes on, and can be taken up again
    /// by its session or its token.
    /// </summary>
    public bool CancelRunWithCaller { get; set; }
}
