namespace AgentFunctions.AgentFramework;

/// <summary>Specifies what becomes of an agent's run middleware, which Agent Framework calls once around a whole run.</summary>
public enum MiddlewareScope
{
    /// <summary>
    /// An agent with run middleware is refused: a run of days, in several processes, has nothing around it as a whole.
    /// </summary>
    Refused,

    /// <summary>It is called around each model call.</summary>
    PerModelCall,
}
