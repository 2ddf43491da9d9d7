namespace AgentFunctions.AgentFramework;

/// <summary>Specifies what becomes of the run middleware of an agent, which Agent Framework calls once around a whole run.</summary>
public enum MiddlewareScope
{
    /// <summary>An agent that has some is refused: nobody can call it around a run of days.</summary>
    Refused,

    /// <summary>It is called around each model call.</summary>
    PerModelCall,
}
