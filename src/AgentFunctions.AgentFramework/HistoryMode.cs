namespace AgentFunctions.AgentFramework;

/// <summary>Specifies what becomes of a history provider of the agent's own. The transcript of the run is what the model is shown in any case.</summary>
public enum HistoryMode
{
    /// <summary>An agent that has one is refused.</summary>
    Refused,

    /// <summary>Each answer is written to it with the messages before it, once; it is never read.</summary>
    Mirror,
}
