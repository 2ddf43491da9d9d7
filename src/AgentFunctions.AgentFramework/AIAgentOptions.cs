namespace AgentFunctions.AgentFramework;

/// <summary>Represents the options by which agents of the host are offered to code of Agent Framework.</summary>
public sealed class AIAgentOptions
{
    /// <summary>
    /// Gets or sets the caller on whose behalf runs are submitted and calls are approved; the program itself by default.
    /// </summary>
    public Caller Caller { get; set; } = Caller.Local;

    /// <summary>
    /// Gets or sets whether a caller that cancels its wait, streamed or not, cancels the run; false by default: the run continues,
    /// and the session or a continuation token reaches it again.
    /// </summary>
    public bool CancelRunWithCaller { get; set; }
}
