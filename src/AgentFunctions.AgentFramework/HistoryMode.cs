namespace AgentFunctions.AgentFramework;

/// <summary>
/// Specifies what becomes of a history provider of the agent's own. In either case the model is shown the transcript of the run.
/// </summary>
public enum HistoryMode
{
    /// <summary>An agent that has one is refused.</summary>
    Refused,

    /// <summary>Each answer is written to it with the messages before it, once; it is never read.</summary>
    Mirror,
}
